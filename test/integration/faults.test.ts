import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { topicOf } from '../../services/domain/events.ts';
import { EVENT_NAMES, isPublished } from '../../services/domain/state-machine.ts';
import { FaultStack, TYPES } from '../faults/fault-stack.ts';
import { play } from '../faults/round.ts';
import { readAll, sendAll } from '../faults/topics.ts';
import { POISONS, message } from '../fixtures/messages.ts';
import { seeded, shuffled } from '../fixtures/shuffle.ts';

/**
 * One short round of every kind of fault, several kinds at a time where they do not hide each other. The long
 * rounds are in test/faults.
 */
let stack: FaultStack;
beforeAll(async () => {
  stack = await FaultStack.start({ replicas: { remote: 2 } });
});
afterAll(async () => {
  await stack?.stop();
});

const LOAD = {
  ratePerSecond: 40,
  types: TYPES,
  beforeMs: 1_000,
  afterMs: 500,
  settleMs: 60_000,
  minAccepted: 60,
};
const ROUND_MS = 150_000;
const SERVICES = ['api-1', 'relay-1', 'validate-1', 'remote-1', 'persist-1', 'remote-simulator-1'];

test('every service is killed at once', { timeout: ROUND_MS }, async () => {
  const { faults, tally } = await play(stack, {
    ...LOAD,
    name: 'kill -9 of every service',
    fault: async () => {
      await Promise.all(SERVICES.map((name) => stack.killAndWait(name)));
    },
  });
  expect(faults).toEqual([]);
  expect(tally.lost).toBeGreaterThan(0);
});

test(
  'Kafka is killed and loses its disk, the services start before it is back',
  { timeout: ROUND_MS },
  async () => {
    const { faults, tally } = await play(stack, {
      ...LOAD,
      name: 'Kafka killed, wiped, and absent at start',
      fault: async () => {
        stack.process('kafka').kill('SIGKILL');
        await stack.handles.wipeKafka();
        for (const name of ['relay-1', 'validate-1', 'persist-1']) stack.process(name).kill('SIGKILL');
        await sleep(2_000);
        await stack.handles.startKafka();
      },
    });
    expect(faults).toEqual([]);
    expect(tally).toMatchObject({ refusals: 0, lost: 0 });
  },
);

test('messages come again, out of order, and with poison between them', { timeout: ROUND_MS }, async () => {
  const poison = POISONS.map(({ spoil }) => spoil(message({ event: 'new' })));
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'duplicates, shuffled, and poison',
    fault: async () => {
      const topics = EVENT_NAMES.filter(isPublished).map((event) => topicOf('sluice', event));
      const messages = await readAll(stack.endpoints.brokers, topics);
      expect(messages.length).toBeGreaterThan(100);
      await sendAll(stack.endpoints.brokers, shuffled([...messages, ...messages, ...poison], seeded(5)));
    },
  });
  expect(faults).toEqual([]);
  const letters = await stack.query<{ cause: string }>('select cause from dead_letter order by cause');
  expect(letters.map(({ cause }) => cause)).toEqual(POISONS.map(({ cause }) => cause).sort());
});

test(
  'a replica stands still, Postgres is killed, the remote hangs and fails',
  { timeout: ROUND_MS },
  async () => {
    const { faults, tally } = await play(stack, {
      ...LOAD,
      name: 'SIGSTOP one of two, kill -9 Postgres, remote hangs and fails',
      fault: async () => {
        const rates = { hangBeforeRate: 0.1, hangAfterRate: 0.1, errorBeforeRate: 0.1, errorAfterRate: 0.1 };
        await stack.configureRemote(rates);
        const zombie = stack.process('remote-2');
        const { pid } = zombie;
        zombie.kill('SIGSTOP');
        // Longer than the session of a group member: its partitions go to the other one.
        await Promise.all([sleep(12_000), stack.killAndWait('postgres')]);
        await stack.configureRemote({
          hangBeforeRate: 0,
          hangAfterRate: 0,
          errorBeforeRate: 0,
          errorAfterRate: 0,
        });
        zombie.kill('SIGCONT');
        expect(zombie.pid).toBe(pid);
      },
    });
    expect(faults).toEqual([]);
    expect(tally.refusals).toBeGreaterThan(0);
  },
);
