import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Consumption } from './consumption.ts';
import { lagOf } from './what-if.fixture.ts';

const options = { capacityPerReplica: 60, coldStartSeconds: 6, rebalanceSeconds: 2 };
const waiting = (written: number) => lagOf(written, 0, () => undefined);
const settledIn = ({ partitions }: ReturnType<Consumption['read']>): number =>
  partitions.reduce((sum, { committed }) => sum + committed!, 0);

test('settles what its replicas can, and says how busy they were', () => {
  const stage = new Consumption(options, { desired: 2, ready: 2, revision: '' });
  expect(settledIn(stage.read(waiting(6_000), 0))).toBe(0);
  const read = stage.read(waiting(6_000), 10);
  expect(settledIn(read)).toBe(1_200);
  expect(read.partitions[1]!.load).toEqual({
    replica: 'what-if-1',
    busySeconds: 10,
    settled: 600,
    inFlight: 0,
  });
  expect(read.group.members.map(({ assigned }) => assigned!.length)).toEqual([3, 3]);
});

test('more replicas come after their start, and stop all of them for a rebalance', () => {
  const stage = new Consumption(options, { desired: 1, ready: 1, revision: '' });
  stage.read(waiting(60_000), 0);
  stage.scale(3, 0);
  expect(stage.replicas('r')).toEqual({ desired: 3, ready: 1, revision: 'r' });
  expect(stage.read(waiting(60_000), 4).group.members).toHaveLength(1);
  const joined = stage.read(waiting(60_000), 6);
  expect(joined.group).toMatchObject({ state: 'PreparingRebalance' });
  const before = settledIn(joined);
  const after = stage.read(waiting(60_000), 10);
  expect(after.group.state).toBe('Stable');
  expect(settledIn(after) - before).toBe(2 * 3 * 60);
});

test('no replicas settle nothing', () => {
  const stage = new Consumption(options, { desired: 0, ready: 0, revision: '' });
  stage.read(waiting(600), 0);
  expect(stage.read(waiting(600), 100)).toMatchObject({ group: { state: 'Empty', members: [] } });
});

test('commits never go back, nor beyond the end, nor faster than all replicas can', () => {
  const step = fc.record({
    written: fc.nat(5_000),
    seconds: fc.nat(10),
    replicas: fc.integer({ min: 0, max: 6 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const stage = new Consumption(options, { desired: 1, ready: 1, revision: '' });
      let [at, written, before] = [0, 0, 0];
      stage.read(waiting(0), 0);
      for (const { written: more, seconds, replicas } of steps) {
        at += seconds;
        written += more;
        stage.scale(replicas, at);
        const read = stage.read(waiting(written), at);
        const now = settledIn(read);
        expect(read.partitions.every(({ committed, end }) => committed! <= end)).toBe(true);
        expect(now).toBeGreaterThanOrEqual(before);
        // Rounded down for each partition.
        expect(now - before).toBeLessThanOrEqual(6 * 60 * seconds + 6);
        before = now;
      }
    }),
  );
});
