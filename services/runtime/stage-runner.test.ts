import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { message } from '../../test/fixtures/messages.ts';
import { seeded, shuffled } from '../../test/fixtures/shuffle.ts';
import { TOPIC, byHand, later, messages, rig, valid } from '../../test/fixtures/stage-rig.ts';
import type { IncomingMessage } from '../broker/port.ts';
import { decodeCommitMetadata } from './commit-metadata.ts';
import type { StageRunner } from './stage-runner.ts';
import type { Step, StepResult } from './step.ts';
import { drop } from './step.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('taking over', () => {
  test('works on every message, and commits behind the last one', async () => {
    const { consumer, store, committed } = await rig();
    await consumer.deliver(messages(10));
    await later();
    expect(store.changes.length).toBe(10);
    expect(store.batches).toEqual([10]);
    expect(committed()).toBe(10);
  });

  test('takes over as many as the window holds, and lets heartbeats through while it waits', async () => {
    const { step, started, finish } = byHand();
    const { consumer, runner } = await rig(step, 3);
    let taken = false;
    const delivery = consumer.deliver(messages(5)).then(() => (taken = true));
    await later(100);
    expect(started).toEqual(['0/0', '0/1', '0/2']);
    expect(runner.inFlight).toBe(3);
    expect(consumer.heartbeats).toBeGreaterThan(5);
    finish('0/1');
    await later(20);
    expect(started).toEqual(['0/0', '0/1', '0/2', '0/3']);
    finish('0/0');
    await later(20);
    await delivery;
    expect(taken).toBe(true);
    expect(runner.inFlight).toBe(3);
  });

  test('the window is shared by partitions that deliver at the same time', async () => {
    const { step, finish, started } = byHand();
    const { consumer, runner } = await rig(step, 4);
    const deliveries = [0, 1, 2].map((partition) => consumer.deliver(messages(4, partition)));
    let most = 0;
    for (let n = 0; n < 12; n++) {
      await later(20);
      most = Math.max(most, runner.inFlight);
      finish(started[n]!);
    }
    await later();
    await Promise.all(deliveries);
    // Partitions that wait for room may each take one before they see that another has.
    expect(most).toBeLessThanOrEqual(4 + 2);
    expect([0, 1, 2].map((p) => consumer.committed(TOPIC, p))).toEqual([4, 4, 4]);
  });

  test('a heartbeat that fails ends the delivery, so that the group rebalances', async () => {
    const { step } = byHand();
    const { consumer } = await rig(step, 1);
    const rebalance = new Error('The group is rebalancing');
    const delivery = consumer.deliver(messages(2));
    consumer.heartbeatError = rebalance;
    await Promise.all([expect(delivery).rejects.toBe(rebalance), later(20)]);
  });

  test('the same event delivered twice at once is worked on once, and both are committed', async () => {
    const { step, started, finish } = byHand();
    const { consumer, store, committed } = await rig(step);
    const one = message({ offset: 0 });
    await consumer.deliver([one, { ...one, offset: '1' }, { ...one, offset: '2' }]);
    await later();
    expect(started).toEqual(['0/0']);
    expect(committed()).toBeUndefined();
    finish('0/0');
    await later();
    expect(committed()).toBe(3);
    // Afterwards it is a duplicate like any other, for the database to refuse.
    await consumer.deliver([{ ...one, offset: '3' }]);
    await later();
    expect(started).toEqual(['0/0', '0/3']);
    expect(store.letters).toEqual([]);
  });

  test('an event that only shares the topic is skipped and committed', async () => {
    const step = vi.fn<Step>(valid);
    const { consumer, committed } = await rig(step);
    consumer.assign('sluice.transactions.validated', 0);
    await consumer.deliver([message({ event: 'validated', order: 'fanOut' })]);
    await later();
    expect(step).not.toHaveBeenCalled();
    expect(consumer.committed('sluice.transactions.validated', 0)).toBe(1);
    expect(committed()).toBeUndefined();
  });
});

describe('committing', () => {
  test('never commits past a message that is not settled, in whatever order they finish', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 12 }), async (seed, count) => {
        const { step, finish } = byHand();
        const { consumer, runner } = await rig(step);
        for (const partition of [0, 1]) await consumer.deliver(messages(count, partition, 100));
        const open = new Set(
          [0, 1].flatMap((p) => Array.from({ length: count }, (_, n) => `${p}/${100 + n}`)),
        );
        for (const name of shuffled([...open], seeded(seed))) {
          finish(name);
          open.delete(name);
          await later();
          for (const partition of [0, 1]) {
            const firstOpen = Array.from({ length: count + 1 }, (_, n) => 100 + n).find(
              (offset) => offset === 100 + count || open.has(`${partition}/${offset}`),
            )!;
            const expected = firstOpen === 100 ? undefined : firstOpen;
            expect(consumer.committed(TOPIC, partition)).toBe(expected);
          }
        }
        await stop(runner);
      }),
      { numRuns: 15 },
    );
  });

  test('tries a commit that failed again', async () => {
    const { consumer, committed } = await rig();
    consumer.commitError = new Error('REBALANCE_IN_PROGRESS');
    await consumer.deliver(messages(3));
    await later();
    expect(committed()).toBeUndefined();
    consumer.commitError = undefined;
    await later();
    expect(committed()).toBe(3);
    expect(consumer.commits.length).toBe(1);
  });

  test('puts its load into the metadata', async () => {
    const { consumer } = await rig();
    await consumer.deliver(messages(7));
    await later();
    const load = decodeCommitMetadata(consumer.commits[0]![0]!.metadata);
    expect(load).toMatchObject({ v: 1, n: 7, f: 0 });
  });

  test('what was taken over before a rebalance is no longer committed after it', async () => {
    const { step, finish } = byHand();
    const { consumer, committed } = await rig(step);
    await consumer.deliver(messages(2));
    await later();
    consumer.revoke();
    finish('0/0');
    await later();
    expect(committed()).toBeUndefined();
    consumer.assign(TOPIC, 1);
    finish('0/1');
    await later();
    expect(consumer.commits).toEqual([]);
    // What still comes of a partition that went to somebody else is left to them.
    await consumer.deliver(messages(1, 0, 2));
    await later();
    expect(consumer.commits).toEqual([]);
  });

  test('what still queues is left to who has its partition now, and worked on until somebody has', async () => {
    for (const now of [undefined, 1, 0]) {
      const turn = Promise.withResolvers<void>();
      const queued: Step = async (of, isOurs) => {
        await turn.promise;
        return isOurs!() ? valid(of) : drop('revoked');
      };
      const { consumer, store, runner } = await rig(queued);
      await consumer.deliver(messages(2));
      consumer.revoke();
      if (now !== undefined) consumer.assign(TOPIC, now);
      turn.resolve();
      await later();
      expect(store.changes.length).toBe(now === 1 ? 0 : 2);
      expect(runner.inFlight).toBe(0);
    }
  });

  test('a message that comes back with its partition is worked on, although it had been left to others', async () => {
    const turns: ((result: StepResult) => void)[] = [];
    const { consumer, committed } = await rig(() => new Promise((resolve) => turns.push(resolve)));
    const [zero] = messages(1) as [IncomingMessage];
    await consumer.deliver([zero]);
    consumer.revoke();
    consumer.assign(TOPIC, 0);
    await consumer.deliver([zero]);
    turns[0]!(drop('revoked'));
    await later();
    expect([turns.length, committed()]).toEqual([2, undefined]);
    turns[1]!(drop('stale'));
    await later();
    expect(committed()).toBe(1);
  });

  test('given back the same partition, it commits only what was delivered anew', async () => {
    const { step, started, finish } = byHand();
    const { consumer, committed } = await rig(step);
    const [zero, one] = messages(2) as [IncomingMessage, IncomingMessage];
    await consumer.deliver([zero, one]);
    await later();
    finish('0/1');
    consumer.revoke();
    consumer.assign(TOPIC, 0);
    await consumer.deliver([zero, one]);
    await later();
    expect(committed()).toBeUndefined();
    expect(started.filter((name) => name === '0/0').length).toBe(1);
    finish('0/0');
    finish('0/1');
    await later();
    expect(committed()).toBe(2);
  });

  test('a topic that was made anew, with lower offsets, is worked on and committed', async () => {
    const { consumer, store, committed } = await rig();
    await consumer.deliver(messages(3, 0, 500));
    await later();
    expect(committed()).toBe(503);
    await consumer.deliver(messages(2, 0, 0));
    await later();
    expect(store.changes.length).toBe(5);
    expect(committed()).toBe(2);
  });
});

describe('stopping', () => {
  const finishLater =
    (ms: number): Step =>
    async (of) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return valid(of);
    };

  test('finishes what it has taken over, takes nothing more, commits, leaves', async () => {
    const { consumer, runner, store, committed } = await rig(finishLater(1_000), 4);
    void consumer.deliver(messages(10));
    await later(10);
    const stopped = runner.stop(10_000);
    await later(5_000);
    await stopped;
    expect(store.changes.length).toBe(4);
    expect(committed()).toBe(4);
    expect(consumer.stopped).toBe(true);
  });

  test('gives up on what takes too long, and does not commit it', async () => {
    const { step, finish } = byHand();
    const { consumer, runner, committed } = await rig(step);
    await consumer.deliver(messages(3));
    await later();
    finish('0/0');
    finish('0/2');
    const stopped = runner.stop(2_000);
    await later(3_000);
    await stopped;
    expect(committed()).toBe(1);
    expect(consumer.stopped).toBe(true);
  });
});

describe('health', () => {
  test('ready once it is a member; not after a minute without a word from Kafka', async () => {
    const { consumer, runner } = await rig();
    expect(runner.ready()).toBe(true);
    consumer.silentSince(Date.now() - 61_000);
    expect(runner.ready()).toMatch(/no answer from Kafka for 61 s/);
  });

  test('alive while it tries in vain, however long; dead when it does not even fail', async () => {
    const { consumer, runner } = await rig();
    consumer.silentSince(Date.now() - 3_600_000, Date.now() - 30_000);
    expect(runner.live()).toBe(true);
    consumer.silentSince(Date.now() - 3_600_000, Date.now() - 181_000);
    expect(runner.live()).toMatch(/no sign of the consumer for 181 s/);
  });
});

async function stop(runner: StageRunner): Promise<void> {
  const stopped = runner.stop(0);
  await later(50);
  await stopped;
}
