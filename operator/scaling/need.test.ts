import { describe, expect, test } from 'vitest';
import { type Demand, needOf, testReplicas } from './need.ts';

const demand = (given: Partial<Demand> = {}): Demand => ({
  partitions: 24,
  shares: undefined,
  plannedPerSecond: 300,
  capacityPerReplica: 40,
  utilization: 0.8,
  backlogIfKept: 0,
  backlogIfChanged: 0,
  harmlessSeconds: 5,
  recoverySeconds: 10,
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
    ['a backlog that takes too long', 12, demand(), 4_400, '11 s to work off 4,400 records, 10 s allowed'],
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
