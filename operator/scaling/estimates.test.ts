import { describe, expect, test } from 'vitest';
import { standingSeconds } from './backlog.ts';
import { NO_BUSY_TIME, withLoads } from './busy-capacity.ts';
import { commitSeconds, NO_COMMITS, withCommits } from './commits.ts';
import { NO_GAIN, withFlow } from './gain.ts';
import type { Look } from './look.ts';
import { lastNeedAbove, withNeed } from './need-history.ts';
import { partitionRates, unevenShares, withWritten, NO_PARTITION_LOAD } from './partition-load.ts';
import { NO_REGRET, regretFactor, regretted } from './regret.ts';
import { feeding, upstreamFirst } from './topology.ts';
import { troubledPartitions } from './troubled-partitions.ts';
import { knownLag, running, spec } from './test-observations.ts';
import type { PartitionReading } from './types.ts';
import { number, seconds } from './words.ts';

describe('busy time', () => {
  const loads = (
    ...each: readonly [replica: string, busySeconds: number, settled: number][]
  ): PartitionReading[] =>
    each.map(([replica, busySeconds, settled], partition) => ({
      topic: 'topic',
      partition,
      begin: 0,
      end: 0,
      committed: 0,
      load: { replica, busySeconds, settled, inFlight: 0 },
    }));

  test('is settled records per busy second, over all replicas', () => {
    const first = withLoads(NO_BUSY_TIME, loads(['a', 100, 100], ['b', 500, 900]), 2);
    expect(first.perReplica).toBeUndefined();
    expect(withLoads(first, loads(['a', 101, 140], ['b', 500.5, 920]), 2).perReplica).toBeCloseTo(
      60 / 1.5,
      9,
    );
  });

  test('counts each replica once, by its newest commit', () => {
    const first = withLoads(NO_BUSY_TIME, loads(['a', 100, 100]), 2);
    const next = withLoads(first, loads(['a', 101, 140], ['a', 100.5, 120], ['a', 100, 100]), 2);
    expect(next.perReplica).toBeCloseTo(40, 9);
  });

  test('begins at zero for a replica that is new, and is kept while nothing happens', () => {
    const first = withLoads(NO_BUSY_TIME, loads(['a', 100, 100]), 2);
    const known = withLoads(first, loads(['a', 101, 140]), 2);
    const after = withLoads(known, loads(['b', 900, 7]), 2);
    expect(after.perReplica).toBeCloseTo(40, 9);
    expect(withLoads(after, [], 3_600).perReplica).toBeCloseTo(40, 9);
  });

  test('of a first burst is what new replicas tell at once, as long as nothing is known', () => {
    const burst = withLoads(NO_BUSY_TIME, loads(['a', 3, 90], ['b', 1, 30]), 2);
    expect(burst.perReplica).toBeCloseTo(30, 9);
    expect(withLoads(NO_BUSY_TIME, loads(['a', 3_000, 90]), 2).perReplica).toBeUndefined();
    const later = withLoads(burst, loads(['a', 4, 130], ['b', 1, 30], ['c', 3, 3]), 2);
    expect(later.settled / later.busySeconds).toBeGreaterThan(30);
  });

  test('follows a change within a minute', () => {
    let state = withLoads(NO_BUSY_TIME, loads(['a', 0, 0]), 2);
    for (let look = 1; look <= 30; look++) state = withLoads(state, loads(['a', 2 * look, 80 * look]), 2);
    for (let look = 1; look <= 30; look++)
      state = withLoads(state, loads(['a', 60 + 2 * look, 2_400 + 20 * look]), 2);
    expect(state.perReplica).toBeCloseTo(10, -1);
  });
});

test.each([
  [
    'what never goes away is no backlog',
    [
      [0, 100, 40],
      [2, 160, 100],
      [4, 220, 160],
    ],
    30,
    5,
    2,
  ],
  [
    'the least lag counts',
    [
      [0, 100, 100],
      [2, 160, 100],
      [4, 220, 100],
    ],
    30,
    5,
    0,
  ],
  [
    'not more than is harmless',
    [
      [0, 500, 0],
      [2, 560, 0],
    ],
    30,
    5,
    5,
  ],
  [
    'nothing arrives',
    [
      [0, 500, 0],
      [2, 500, 0],
    ],
    0,
    5,
    0,
  ],
] as const)('standing lag: %s', (...[, samples, rate, limit, expected]) => {
  expect(standingSeconds(samples, rate, limit)).toBe(expected);
});

test('the gain is what comes out per record that went in, remembered when nothing flows', () => {
  const fewer = withFlow(NO_GAIN, 20, 60, 2);
  expect(fewer.ratio).toBeUndefined();
  const known = withFlow(fewer, 100, 300, 2);
  expect(known.ratio).toBeCloseTo(3, 9);
  expect(withFlow(known, 0, 0, 3_600).ratio).toBeCloseTo(3, 9);
});

describe('commits', () => {
  const at = (positions: number[], lags: number[], rebalancing = false): Look =>
    ({ positions, lags, rebalancing }) as unknown as Look;

  test('their distance is seen from partitions that have work', () => {
    let state = NO_COMMITS;
    for (let look = 1; look <= 60; look++) {
      const position = Math.floor(look / 3) * 30;
      const before = [Math.floor((look - 1) / 3) * 30, 7];
      state = withCommits(state, at([position, 7], [100, 0]), before, { at: 2 * look, elapsedSeconds: 2 });
    }
    expect(commitSeconds(state)).toBeCloseTo(6, 0);
  });

  test('a rebalance is no standstill', () => {
    const still = withCommits(NO_COMMITS, at([5], [9]), [5], { at: 10, elapsedSeconds: 2 });
    expect(withCommits(still, at([5], [9], true), [5], { at: 40, elapsedSeconds: 2 }).movedAt).toEqual([40]);
  });
});

describe('troubled partitions', () => {
  const look = (lags: number[]): Look => ({ lags, positions: lags.map(() => 0) }) as unknown as Look;
  const commits = (movedAt: number[]) => ({ moved: 10, lookedAtSeconds: 20, movedAt });
  const context = { at: 100, capacityPerReplica: 40, seconds: 60 };
  const even = (value: number): number[] => Array.from({ length: 8 }, () => value);

  test.each([
    ['none', even(0), even(5), even(100), { hot: [], poisoned: [] }],
    [
      'more comes than a replica settles',
      [900, ...even(3).slice(1)],
      [60, ...even(5).slice(1)],
      even(99),
      { hot: [0], poisoned: [] },
    ],
    [
      'as much comes, but nothing waits',
      even(0),
      [60, ...even(5).slice(1)],
      even(99),
      { hot: [], poisoned: [] },
    ],
    [
      'it stands still while others move',
      even(50),
      even(5),
      [60, ...even(99).slice(1)],
      { hot: [], poisoned: [0] },
    ],
    ['all stand still', even(50), even(5), even(60), { hot: [], poisoned: [] }],
    [
      'half of them do: it is not them',
      even(50),
      even(5),
      [60, 60, 60, 60, 99, 99, 99, 99],
      { hot: [], poisoned: [] },
    ],
  ] as const)('%s', (...[, lags, rates, movedAt, expected]) => {
    expect(troubledPartitions(look([...lags]), rates, commits([...movedAt]), context)).toEqual(expected);
  });
});

describe('uneven partitions', () => {
  test('what differs by chance is even, what differs by more is not', () => {
    expect(unevenShares([98, 105, 110, 92])).toBeUndefined();
    expect(unevenShares([1, 0, 0, 0])).toBeUndefined();
    expect(unevenShares([700, 100, 100, 100])).toEqual([0.7, 0.1, 0.1, 0.1]);
  });

  test('rates follow what is written', () => {
    let load = NO_PARTITION_LOAD;
    for (let at = 1; at <= 40; at++) {
      load = withWritten(
        load,
        { ends: [20 * at, 60 * at] } as unknown as Look,
        [20 * (at - 1), 60 * (at - 1)],
        2,
      );
    }
    expect(partitionRates(load).map((rate) => Math.round(rate))).toEqual([10, 30]);
  });
});

test('past needs: the highest since, and when it was last so', () => {
  let history = withNeed([], 0, 8, 100);
  history = withNeed(history, 10, 3, 100);
  history = withNeed(history, 20, 5, 100);
  history = withNeed(history, 30, 2, 100);
  expect(history).toEqual([
    [0, 8],
    [20, 5],
    [30, 2],
  ]);
  expect([1, 2, 4, 5, 7, 8].map((replicas) => lastNeedAbove(history, replicas))).toEqual([
    30,
    20,
    20,
    0,
    0,
    undefined,
  ]);
  expect(withNeed(history, 110, 1, 100)).toEqual([
    [20, 5],
    [30, 2],
    [110, 1],
  ]);
});

test('regret doubles, halves with each quiet hour, and ends at 16 and 1', () => {
  const twice = regretted(regretted(NO_REGRET, 1_000), 1_100);
  expect([1_100, 4_699, 4_700, 8_300, 90_000].map((at) => regretFactor(twice, at))).toEqual([4, 4, 2, 1, 1]);
  let much = NO_REGRET;
  for (let at = 0; at < 10; at++) much = regretted(much, at);
  expect(much.factor).toBe(16);
});

describe('order of the stages', () => {
  const scaler = (name: string, ...upstream: string[]) => ({
    spec: spec({ name, upstream }),
    lag: knownLag({ ends: [1] }),
    replicas: running(1),
  });
  const names = (...scalers: ReturnType<typeof scaler>[]) =>
    upstreamFirst(scalers).map((each) => each.spec.name);

  test('each after its upstream', () => {
    expect(names(scaler('c', 'b', 'a'), scaler('b', 'a'), scaler('a'))).toEqual(['a', 'b', 'c']);
  });

  test('cycles and names that are not there harm nothing', () => {
    expect(names(scaler('a', 'b'), scaler('b', 'a'), scaler('c', 'nobody')).toSorted()).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  test('what feeds a stage, directly or not', () => {
    const all = [scaler('a'), scaler('b', 'a'), scaler('c', 'b'), scaler('d', 'a')];
    expect([...feeding(all, ['c'])].toSorted()).toEqual(['a', 'b']);
  });
});

test.each([
  [0.012_34, '0.012'],
  [9.44, '9.4'],
  [40.04, '40'],
  [320.4, '320'],
  [12_345, '12,345'],
  [1_234_567, '1,234,567'],
  [Number.POSITIVE_INFINITY, 'ever more'],
])('%f is told as %s', (value, told) => {
  expect(number(value)).toBe(told);
});

test('a time without end is told as such', () => {
  expect([seconds(1.5), seconds(Number.POSITIVE_INFINITY)]).toEqual(['1.5 s', 'for ever']);
});
