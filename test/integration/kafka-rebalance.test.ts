import { createRequire } from 'node:module';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Member, TestBroker } from '../fixtures/broker.ts';
import { createTestBroker } from '../fixtures/broker.ts';
import { kafkaBrokers } from '../fixtures/services-under-test.ts';
import { until } from '../fixtures/until.ts';

/** Of kafkajs, as far as it is watched here. */
interface Broker {
  heartbeat: (this: Broker, request: object) => Promise<void>;
}
interface ConsumerGroup {
  joinAndSync: (this: ConsumerGroup) => Promise<void>;
}
interface Moment {
  readonly ms: number;
  /** Messages that the first member has read. */
  readonly read: number;
}

const require = createRequire(import.meta.url);
const Broker = require('kafkajs/src/broker/index.js') as { prototype: Broker };
const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup.js') as { prototype: ConsumerGroup };
const PARTITIONS = 12;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);
let broker: TestBroker;
beforeAll(() => {
  broker = createTestBroker('rebalance');
});
afterAll(() => broker.close());

const partitionsOf = ({ assigned }: Member): number[] =>
  assigned.map(({ partition }) => partition).toSorted((a, b) => a - b);
const share = (members: readonly Member[], size: number) => (): boolean =>
  members.every(({ assigned }) => assigned.length === size);

test('who joins or leaves moves only what has to move', async () => {
  const topic = broker.topic('sticky');
  await broker.admin.ensureTopics([{ topic, partitions: PARTITIONS }]);
  const members = [await broker.join('sticky', [topic])];
  await until('all partitions', share(members, 12));
  for (const size of [6, 4, 3]) {
    const before = members.map(partitionsOf);
    members.push(await broker.join('sticky', [topic]));
    await until(`${size} partitions each`, share(members, size));
    for (const [index, had] of before.entries())
      expect(had).toEqual(expect.arrayContaining(partitionsOf(members[index]!)));
    const owners = await broker.admin.owners(`${broker.prefix}.sticky`, topic);
    expect([...owners.keys()].toSorted((a, b) => a - b)).toEqual(ALL);
    expect(new Set(owners.values()).size).toBe(members.length);
  }
  const [leaving, ...staying] = members;
  const before = staying.map(partitionsOf);
  await leaving!.consumer.stop();
  await until('4 partitions each', share(staying, 4));
  for (const [index, had] of before.entries())
    expect(partitionsOf(staying[index]!)).toEqual(expect.arrayContaining(had));
});

test('a member of an older version, which knows only round robin, shares with the new ones', async () => {
  const topic = broker.topic('mixed');
  await broker.admin.ensureTopics([{ topic, partitions: PARTITIONS }]);
  const first = await broker.join('mixed', [topic]);
  const older = new Kafka({ brokers: kafkaBrokers(), logLevel: logLevel.NOTHING }).consumer({
    groupId: `${broker.prefix}.mixed`,
    heartbeatInterval: 150,
    maxWaitTimeInMs: 100,
  });
  await older.connect();
  await older.subscribe({ topic });
  await older.run({ eachBatch: () => Promise.resolve() });
  await until('half of the partitions', share([first], 6));
  const second = await broker.join('mixed', [topic]);
  await until('a third each', share([first, second], 4));
  await older.disconnect();
  await until('half each', share([first, second], 6));
  expect([first, second].flatMap(partitionsOf).toSorted((a, b) => a - b)).toEqual(ALL);
});

test('a member works on after it has heard of a rebalance, and loses nothing', async () => {
  const topic = broker.topic('works-on');
  await broker.admin.ensureTopics([{ topic, partitions: 2 }]);
  const first = await broker.join('works-on', [topic]);
  await until('both partitions', share([first], 2));
  let sent = 0;
  const sending = setInterval(() => {
    void broker.producer.send([{ topic, key: `K${sent++ % 8}`, value: null, headers: {} }]);
  }, 20);
  const heard: Moment[] = [];
  const rejoined: Moment[] = [];
  const now = (): Moment => ({ ms: performance.now(), read: first.read.length });
  const { heartbeat } = Broker.prototype;
  vi.spyOn(Broker.prototype, 'heartbeat').mockImplementation(async function (this: Broker, request) {
    await heartbeat.call(this, request).catch((error: unknown) => {
      heard.push(now());
      throw error;
    });
  });
  const { joinAndSync } = ConsumerGroup.prototype;
  vi.spyOn(ConsumerGroup.prototype, 'joinAndSync').mockImplementation(async function (this: ConsumerGroup) {
    rejoined.push(now());
    await joinAndSync.call(this);
  });
  try {
    await until('the first messages', () => first.read.length > 20);
    const second = await broker.join('works-on', [topic]);
    await until('one partition each', share([first, second], 1));
    clearInterval(sending);
    await until('all that was sent', () => {
      const read = [...first.read, ...second.read].map(({ partition, offset }) => `${partition}/${offset}`);
      return new Set(read).size === sent;
    });
  } finally {
    clearInterval(sending);
    vi.restoreAllMocks();
  }
  // The second one joins, the first one hears of it, and joins again.
  expect(rejoined).toHaveLength(2);
  expect(heard).toHaveLength(2);
  expect(rejoined[1]!.ms - heard[0]!.ms).toBeGreaterThan(200);
  expect(rejoined[1]!.read).toBeGreaterThan(heard[0]!.read);
});
