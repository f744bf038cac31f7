import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PLAIN } from '../controllers/sluice.ts';
import { RecordQueue } from './record-queue.ts';
import { newTurn, type TurnSettings, workInTurn } from './turns.ts';

const STEP = 0.25;
const settings: TurnSettings = {
  batchRecords: 20,
  fetchSeconds: 0,
  commitSeconds: 0,
  commitInterval: Infinity,
  betweenShare: 0,
};

/** One replica of 40 records per second on partitions with so many records each. */
function createReplica(waiting: readonly number[], given: Partial<TurnSettings> = {}) {
  const queues = waiting.map((records) => {
    const queue = new RecordQueue(STEP);
    queue.push(records, 0, 0);
    return queue;
  });
  const committed = queues.map(() => 0);
  const turn = newTurn(0);
  const blocked = new Set<number>();
  let [at, settled] = [0, 0];
  const run = (until: number): void => {
    for (; at < until - 1e-9;) {
      at += STEP;
      workInTurn(
        turn,
        { ...settings, ...given },
        {
          partitions: queues.map((_, partition) => partition),
          queues,
          at,
          stepSeconds: STEP,
          perSecond: 40,
          isBlocked: (partition) => blocked.has(partition),
          settle: (partition, records) => {
            queues[partition]!.take(records, at);
            settled += records;
          },
          commit: (partition) => (committed[partition] = Math.floor(queues[partition]!.departed + 1e-6)),
        },
      );
    }
  };
  return { run, committed, queues, blocked, settled: () => settled };
}

test('partitions come one after the other, each up to a batch, and are committed when it is done', () => {
  const { run, committed } = createReplica([100, 100, 10]);
  run(0.25);
  expect(committed).toEqual([0, 0, 0]);
  run(0.5);
  expect(committed).toEqual([20, 0, 0]);
  run(1);
  expect(committed).toEqual([20, 20, 0]);
  run(1.25);
  expect(committed).toEqual([20, 20, 10]);
  run(1.75);
  expect(committed).toEqual([40, 20, 10]);
});

test('within a batch commits are as far apart as is set', () => {
  const { run, committed } = createReplica([100], { batchRecords: 100, commitInterval: 0.5 });
  run(0.25);
  expect(committed).toEqual([0]);
  run(0.5);
  expect(committed).toEqual([20]);
  run(1);
  expect(committed).toEqual([40]);
});

test('commits and fetches take time, and the more the smaller batches are', () => {
  const time = { fetchSeconds: 0.01, commitSeconds: 0.005 };
  const large = createReplica([1_000], { ...time, batchRecords: 40 });
  const small = createReplica([1_000], { ...time, batchRecords: 1 });
  large.run(10);
  small.run(10);
  // One batch takes 40 / 40 s, or 1 / 40 s, and 15 ms more.
  expect(large.settled()).toBeCloseTo((10 * 40) / 1.015, -0.5);
  expect(small.settled()).toBeCloseTo(10 / 0.04, -0.5);
});

test.each([
  ['of one record', 1, 35.4],
  ['that are full', PLAIN.batchRecords, 38.8],
])(
  'a plain kafkajs consumer of 40/s with batches %s settles what was recorded',
  (_, batchRecords, perSecond) => {
    const replica = createReplica(Array.from<number>({ length: 24 }).fill(1_000), { ...PLAIN, batchRecords });
    replica.run(60);
    // Within 2 %.
    expect(Math.abs(replica.settled() / 60 / perSecond - 1)).toBeLessThan(0.02);
  },
);

test('a partition that is blocked is left out', () => {
  const replica = createReplica([100, 100]);
  replica.blocked.add(0);
  replica.run(2);
  expect(replica.committed).toEqual([0, 80]);
});

test('never more than was fetched, nor more than there is time for, and all of it at last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (waiting, batchRecords) => {
        const replica = createReplica(waiting, { batchRecords });
        const all = waiting.reduce((sum, records) => sum + records, 0);
        replica.run(1);
        expect(replica.settled()).toBeCloseTo(Math.min(all, 40), 6);
        replica.run(all / 40 + 1);
        expect(replica.committed).toEqual(waiting);
      },
    ),
  );
});
