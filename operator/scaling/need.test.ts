import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Deadline,
  type Demand,
  leastThatDoes,
  needOf,
  NO_SURGE,
  testReplicas,
  tooFull,
} from './need.ts';

const deadline = (given: Partial<Deadline> = {}): Deadline => ({
  ageSeconds: 5,
  withinSeconds: 10,
  arrivingPerSecond: 300,
  ifOlderThan: 0,
  ...given,
});

const demand = (given: Partial<Demand> = {}): Demand => ({
  partitions: 24,
  shares: undefined,
  present: undefined,
  plannedPerSecond: 300,
  capacityPerReplica: 40,
  utilization: 0.8,
  backlogIfKept: 0,
  backlogIfChanged: 0,
  surge: NO_SURGE,
  deadlines: [deadline()],
  ...given,
});

describe('a count is tested', () => {
  test.each([
    ['enough to spare', 12, demand(), 0, undefined],
    ['too full', 8, demand(), 0, '300/s would be 94 % of 320/s'],
    [
      'a count between two levels does no more than the lower one',
      11,
      demand(),
      0,
      '300/s would be 94 % of 320/s',
    ],
    ['a harmless backlog', 12, demand(), 2_400, undefined],
    ['a backlog that takes too long', 12, demand(), 4_400, '12 s to work off 4,400 records, 10 s allowed'],
    ['the same on more replicas', 24, demand(), 4_800, undefined],
    ['none at all', 0, demand(), 0, '300/s would be ever more % of 0/s'],
    ['nothing to do on none', 0, demand({ plannedPerSecond: 0 }), 0, undefined],
  ] as const)('%s', (...[, replicas, given, backlog, why]) => {
    expect(testReplicas(replicas, given, backlog)).toBe(why);
  });
});

test('the smallest that does is needed, and it is said why the smaller ones do not do', () => {
  const need = needOf([1, 2, 3, 4, 5, 6, 8, 12, 24], demand(), 1);
  expect(need).toMatchObject({ replicas: 12, limited: false });
  expect(need.alternatives.map(({ replicas, verdict }) => [replicas, verdict])).toEqual([
    ...[1, 2, 3, 4, 5, 6, 8].map((replicas) => [replicas, 'rejected']),
    [12, 'chosen'],
  ]);
});

test('when none does the highest is needed, and it is limited', () => {
  expect(needOf([1, 2, 3], demand(), 1)).toMatchObject({ replicas: 3, limited: true });
});

test('what a change costs is not charged to staying', () => {
  const given = demand({ utilization: 0.95, backlogIfKept: 0, backlogIfChanged: 3_000 });
  expect(needOf([8, 12], given, 8).replicas).toBe(8);
  expect(needOf([8, 12], given, 1).replicas).toBe(12);
});

test.each([
  // 2,400 records are 8 s of arrivals; the oldest of 24 partitions with 100 each is older by a quarter: 10.1 s.
  ['events that will be late', 2_400, { ifOlderThan: 10 }, '24 s to work off 2,400 records, 10 s allowed'],
  ['events that will not', 2_300, { ifOlderThan: 10 }, undefined],
  ['fewer arrivals meanwhile', 2_400, { arrivingPerSecond: 230 }, undefined],
] as const)('a deadline for %s', (_, backlog, given, why) => {
  const demanded = demand({ deadlines: [deadline({ ageSeconds: 6.5, ...given })], utilization: 0.98 });
  expect(testReplicas(8, demanded, backlog)).toBe(why);
});

test.each([
  ['that all can take', 480, 6_000, undefined],
  // 6,000 records at 520 - 300 per second come in 27 s; 40/s of it are too many for 480/s.
  ['that is too fast for a while', 520, 6_000, undefined],
  ['that is too much', 960, 6_000, '12 s to work off 4,364 records, 10 s allowed'],
  ['of nothing', 960, 0, undefined],
] as const)('a surge from upstream %s', (_, perSecond, records, why) => {
  const given = demand({ surge: { records, perSecond }, utilization: 0.95 });
  expect(testReplicas(12, given, 0)).toBe(why);
  expect(tooFull(12, given)).toBeUndefined();
});

test('present replicas are worth what their partitions make of them, others what round robin would', () => {
  const given = demand({ present: { replicas: 12, effective: 6 } });
  expect(testReplicas(12, given, 0)).toBe('300/s would be 125 % of 240/s');
  expect(testReplicas(24, given, 0)).toBeUndefined();
});

test('the least that does is the same, whether it is asked why or not', () => {
  const amount = fc.double({ min: 0, max: 10_000, noNaN: true });
  const given = fc.record({
    partitions: fc.integer({ min: 0, max: 24 }),
    shares: fc.constant(undefined),
    present: fc.option(fc.record({ replicas: fc.integer({ min: 1, max: 24 }), effective: amount }), {
      nil: undefined,
    }),
    surge: fc.record({ records: amount, perSecond: amount }),
    plannedPerSecond: amount,
    capacityPerReplica: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
    utilization: fc.double({ min: 0.1, max: 1, noNaN: true }),
    backlogIfKept: amount,
    backlogIfChanged: amount,
    deadlines: fc.array(
      fc.record({
        ageSeconds: fc.double({ min: 0, max: 60, noNaN: true }),
        withinSeconds: fc.double({ min: 1, max: 60, noNaN: true }),
        arrivingPerSecond: amount,
        ifOlderThan: fc.double({ min: 0, max: 60, noNaN: true }),
      }),
      { maxLength: 2 },
    ),
  });
  const counts = fc.uniqueArray(fc.integer({ min: 1, max: 24 }), { minLength: 1 });
  fc.assert(
    fc.property(counts, given, fc.integer({ min: 0, max: 24 }), (candidates, demanded, current) => {
      expect(leastThatDoes(candidates, demanded, current)).toBe(
        needOf(candidates, demanded, current).replicas,
      );
    }),
  );
});
