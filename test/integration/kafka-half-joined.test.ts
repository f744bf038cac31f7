import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { TestBroker } from '../fixtures/broker.ts';
import { createTestBroker } from '../fixtures/broker.ts';
import { until } from '../fixtures/until.ts';

/** Of kafkajs, as far as it is broken here. */
interface ConsumerGroup {
  heartbeat(): Promise<void>;
  joinAndSync(): Promise<void>;
}

const require = createRequire(import.meta.url);
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => Error;
};
const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: ConsumerGroup };
const COORDINATOR_LOAD_IN_PROGRESS = 14;
const NOT_COORDINATOR = 16;

let broker: TestBroker;
beforeAll(() => {
  broker = createTestBroker('half-joined');
});
afterAll(() => broker.close());

test('a rebalance that fails half way, as when a broker comes back, costs no message', async () => {
  const topic = broker.topic('half-joined');
  await broker.admin.ensureTopics([{ topic, partitions: 2 }]);
  const member = await broker.join('half-joined', [topic]);
  // The group is as it was for the broker, so heartbeats and fetches go well from then on.
  const join = vi
    .spyOn(prototype, 'joinAndSync')
    .mockRejectedValueOnce(createErrorFromCode(COORDINATOR_LOAD_IN_PROGRESS));
  vi.spyOn(prototype, 'heartbeat').mockRejectedValueOnce(createErrorFromCode(NOT_COORDINATOR));
  const send = (value: string) => broker.producer.send([{ topic, key: 'k', value, headers: {} }]);
  await send('meets the failed heartbeat');
  await until('the join that fails', () => join.mock.calls.length > 0);
  await send('comes after it');
  const values = () => new Set(member.read.map(({ value }) => value!.toString()));
  // The first may come twice: nothing is committed.
  await until('the message that comes after it', () => values().has('comes after it'));
  expect(values()).toEqual(new Set(['meets the failed heartbeat', 'comes after it']));
  expect(member.deaths).toEqual([]);
});
