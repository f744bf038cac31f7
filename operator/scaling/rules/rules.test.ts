import { describe, expect, test } from 'vitest';
import { NO_NEEDS, type PastNeeds } from '../need-history.ts';
import { type Demand, NO_SURGE } from '../need.ts';
import type { Plan } from '../plan.ts';
import { PROFILES } from '../settings.ts';
import type { Knowledge, Situation } from '../situation.ts';
import { newScalerState, type ScalerState } from '../state.ts';
import { running, spec, trialOf, unknownLag } from '../test-observations.ts';
import { sized } from '../test-sizes.ts';
import type { ScalerSpec } from '../types.ts';
import { bottlenecked, rollback } from './bottleneck.ts';
import { aboveMaximum, belowMinimum } from './bounds.ts';
import { fewerReplicas, waitsFor } from './down.ts';
import { limited } from './limited.ts';
import { rebalancing } from './rebalancing.ts';
import { unknownLag as unknownRule } from './unknown.ts';
import { moreReplicas } from './up.ts';
import { idle, wake } from './zero.ts';

const AT = 1_000;

interface Given {
  readonly spec?: Partial<ScalerSpec>;
  readonly replicas?: number;
  readonly memory?: Partial<ScalerState>;
  readonly known?: Partial<Knowledge>;
  readonly activeAt?: number;
  readonly knownSince?: number;
}

const plan = (because: Plan['because']): Plan => ({
  soon: 95,
  sizing: 100,
  ahead: 100,
  open: 0,
  surge: NO_SURGE,
  because,
});

/** A stage of 24 partitions, known since long, with 4 replicas, that is doing well. */
function situation(given: Given = {}): Situation {
  const { replicas = 4, activeAt = AT, knownSince = 0 } = given;
  const partitions = Array.from({ length: 24 }, (_, partition) => ({ topic: 'topic', partition }));
  const offsets = { topology: 'topic:24', ends: partitions.map(() => 1), committed: [], positions: [] };
  return {
    at: AT,
    spec: spec(given.spec),
    profile: PROFILES.balanced,
    replicas: running(replicas),
    memory: { ...newScalerState(0, running(replicas)), at: AT, offsets, ...given.memory },
    unknown: undefined,
    known: {
      look: { lag: 0, partitions },
      arrival: { perSecond: 100, certainPerSecond: 95, seconds: 60 },
      capacity: { perReplica: 40, source: 'busy-time' },
      troubled: { hot: [], poisoned: [] },
      plan: plan('arrivals'),
      backlog: 0,
      age: 0,
      sized: sized(replicas),
      ...given.known,
    } as Knowledge,
    upstream: [],
    activeAt,
    knownSince,
    restless: false,
  };
}

test.each([
  ['enough', { spec: { minReplicas: 4 } }, undefined],
  ['fewer than the least', { spec: { minReplicas: 6 } }, 6],
  [
    'fewer than the least, and more are needed',
    { spec: { minReplicas: 6 }, known: { sized: sized(12) } },
    12,
  ],
])('least replicas: %s', (_, given, replicas) => {
  expect(belowMinimum(situation(given))?.replicas).toBe(replicas);
});

test.each([
  ['not more than the most', 4, undefined],
  ['more than the most', 3, 3],
])('most replicas: %s', (_, maxReplicas, replicas) => {
  expect(aboveMaximum(situation({ spec: { maxReplicas } }))?.replicas).toBe(replicas);
});

describe('unknown lag', () => {
  const fallback = { replicas: 8, afterSeconds: 60 };
  test.each([
    ['without fallback', undefined, 0, 4, 'LagUnknown'],
    ['not for long enough', fallback, 941, 4, 'LagUnknown'],
    ['for long enough', fallback, 940, 8, 'Fallback'],
    ['a fallback of fewer than there are', { replicas: 2, afterSeconds: 1 }, 0, 4, 'LagUnknown'],
  ] as const)('%s', (...[, fallback, unknownSince, replicas, reason]) => {
    const blind = {
      ...situation({ spec: { fallback }, memory: { unknownSince } }),
      unknown: unknownLag(),
      known: undefined,
    };
    expect(unknownRule(blind)).toMatchObject({ replicas, reason });
  });

  test('is nothing to a stage whose lag is known', () => {
    expect(unknownRule(situation())).toBeUndefined();
  });
});

test.each([
  ['not rebalancing', undefined, undefined],
  ['rebalancing', AT - 3, 'Rebalancing'],
  ['for so long that nobody waits any more', AT - 61, undefined],
])('a group %s', (_, since, reason) => {
  const { rebalances } = newScalerState(0, running(1));
  expect(rebalancing(situation({ memory: { rebalances: { ...rebalances, since } } }))?.reason).toBe(reason);
});

test('a rebalancing group gets more when what arrives is certainly too much, but not for what waits', () => {
  const { rebalances } = newScalerState(0, running(1));
  const memory = { rebalances: { ...rebalances, since: AT - 3 } };
  const ruling = (given: Partial<Demand>) =>
    rebalancing(situation({ memory, known: { sized: sized(8, given) } }));
  expect(ruling({ plannedPerSecond: 170 })).toBeUndefined();
  expect(ruling({ backlogIfKept: 9_000 })?.replicas).toBe(4);
});

describe('zero', () => {
  const asleep = { replicas: 0, spec: { minReplicas: 0 } };
  const lagOf = (lag: number, lags: readonly number[] = [1, 1, 1, 1, 1]) =>
    ({ ...situation().known, look: { lag, lags, partitions: [] } }) as unknown as Knowledge;
  test.each([
    ['sleeps on when nothing happens', { ...asleep, activeAt: AT - 2 }, 0, 'Steady'],
    ['wakes for its own events', { ...asleep, known: { ...lagOf(5), sized: sized(8) } }, 8, 'WokenByEvents'],
    [
      'wakes for what comes from upstream',
      { ...asleep, known: { ...lagOf(0), sized: sized(8) } },
      8,
      'WokenByUpstream',
    ],
    [
      'wakes to one when it is not known what it can',
      { ...asleep, known: { ...lagOf(5), sized: undefined } },
      1,
      'WokenByEvents',
    ],
    [
      'wakes to one for each queue',
      { ...asleep, known: { ...lagOf(9, [3, 2, 1, 1, 1, 1, 0]), sized: undefined } },
      2,
      'WokenByEvents',
    ],
    [
      'wakes to four at most',
      { ...asleep, known: { ...lagOf(70, [10, 10, 10, 10, 10, 10, 10]), sized: undefined } },
      4,
      'WokenByEvents',
    ],
    [
      'wakes to no more than are allowed',
      {
        ...asleep,
        spec: { minReplicas: 0, maxReplicas: 3 },
        known: { ...lagOf(70, [10, 10, 10, 10, 10, 10, 10]), sized: undefined },
      },
      3,
      'WokenByEvents',
    ],
  ])('a sleeping stage %s', (_, given, replicas, reason) => {
    expect(wake(situation(given))).toMatchObject({ replicas, reason });
  });

  test.each([
    ['long enough idle', { activeAt: 700 }, 0],
    ['not long enough idle', { activeAt: 701 }, undefined],
    ['not known for long enough whether idle', { activeAt: 0, knownSince: 701 }, undefined],
  ])('%s', (_, given, replicas) => {
    expect(idle(situation({ spec: { minReplicas: 0 }, ...given }))?.replicas).toBe(replicas);
  });

  test('is not for a stage that may not sleep', () => {
    expect(idle(situation({ activeAt: 0 }))).toBeUndefined();
  });
});

describe('more replicas', () => {
  const full = sized(8, { plannedPerSecond: 300 });
  const underway = { ...newScalerState(0, running(4)).operation, underway: { at: AT - 3, from: 2, to: 4 } };
  const trial = trialOf({ at: 990 });
  test.each([
    ['those there do', {}, undefined, undefined],
    ['load is too much', { known: { sized: full } }, 8, 'LoadAboveCapacity'],
    ['on a ramp', { known: { sized: full, plan: plan('ramp') } }, 8, 'RampAhead'],
    ['from upstream', { known: { sized: full, plan: plan('upstream') } }, 8, 'UpstreamLoad'],
    ['a backlog', { known: { sized: sized(8, { backlogIfKept: 9_000 }) } }, 8, 'BacklogTooOld'],
    [
      'a backlog that is gone before replicas would come',
      { known: { sized: sized(8, { backlogIfKept: 1_450 }) } },
      undefined,
      undefined,
    ],
    [
      'a backlog near the objective, as long as more replicas come in time',
      { known: { sized: sized(8, { backlogIfKept: 1_600 }) } },
      8,
      'BacklogTooOld',
    ],
    [
      'more on its way from upstream than can be borne',
      { known: { sized: sized(8, { surge: { records: 6_000, perSecond: 200 } }) } },
      8,
      'BacklogTooOld',
    ],
    [
      'others are starting, and much more is needed',
      { known: { sized: full }, memory: { operation: underway } },
      8,
      'LoadAboveCapacity',
    ],
    [
      'others are starting, certainly too few for what arrives',
      { known: { sized: sized(5, { plannedPerSecond: 170 }) }, memory: { operation: underway } },
      5,
      'LoadAboveCapacity',
    ],
    [
      'others are starting, too few for what may come from upstream',
      {
        known: { sized: sized(5, { plannedPerSecond: 170 }), plan: plan('upstream') },
        memory: { operation: underway },
      },
      4,
      'ReplicasStarting',
    ],
    [
      'others are starting, too few for a backlog',
      { known: { sized: sized(5, { backlogIfKept: 9_000 }) }, memory: { operation: underway } },
      4,
      'ReplicasStarting',
    ],
    [
      'a backlog, while the last change is judged',
      {
        known: { sized: sized(8, { backlogIfKept: 9_000 }) },
        memory: { bottleneck: { trial, ceiling: undefined } },
      },
      4,
      'ReplicasStarting',
    ],
  ] as const)('%s', (...[, given, replicas, reason]) => {
    const ruling = moreReplicas(situation(given));
    expect([ruling?.replicas, ruling?.reason]).toEqual([replicas, reason]);
  });
});

test('the most allowed is not enough', () => {
  const short = sized(4, { plannedPerSecond: 300 }, true);
  expect(limited(situation({ spec: { maxReplicas: 4 }, known: { sized: short } }))?.message).toMatch(
    /maxReplicas is 4$/,
  );
  expect(limited(situation())).toBeUndefined();
});

describe('a bottleneck', () => {
  const ceiling = { replicas: 2, throughput: 80, probeAt: AT + 100, probeSeconds: 300, since: 0 };
  const found = { memory: { bottleneck: { trial: undefined, ceiling } } };
  test('gives back what does not help', () => {
    expect(rollback(situation(found))).toMatchObject({ replicas: 2, reason: 'BottleneckRollback' });
  });
  test('holds what helps although more would be needed', () => {
    const need = { known: { sized: sized(2, { plannedPerSecond: 300 }, true) } };
    expect(bottlenecked(situation({ ...found, ...need, replicas: 2 }))).toMatchObject({
      replicas: 2,
      reason: 'Bottlenecked',
    });
  });
  test('says nothing any more when it is time to try again', () => {
    const over = { memory: { bottleneck: { trial: undefined, ceiling: { ...ceiling, probeAt: AT } } } };
    expect([rollback(situation(over)), bottlenecked(situation(over))]).toEqual([undefined, undefined]);
  });
});

describe('fewer replicas', () => {
  const operation = newScalerState(0, running(12)).operation;
  const needed = (past: Partial<PastNeeds>) => ({ memory: { needs: { ...NO_NEEDS, ...past } } });
  const less = (given: Given = {}) => ({
    replicas: 12,
    ...given,
    known: { sized: sized(2), ...given.known },
  });
  test.each([
    ['enough for long', less(), 2, 'LoadBelowCapacity'],
    [
      'more were needed lately',
      less(needed({ comfort: [[AT - 10, 6]], load: [[AT - 10, 6]] })),
      6,
      'LoadBelowCapacity',
    ],
    [
      'all were needed lately',
      less(needed({ comfort: [[AT - 10, 12]], load: [[AT - 10, 12]] })),
      12,
      'WindowNotFull',
    ],
    ['a backlog needed all lately', less(needed({ whole: [[AT - 10, 12]] })), 12, 'WindowNotFull'],
    [
      'long enough, without room to spare',
      less(needed({ comfort: [[AT, 6]], load: [[AT - 300, 6]] })),
      2,
      'LoadBelowCapacity',
    ],
    [
      'not so for long enough',
      less(needed({ comfort: [[AT, 6]], load: [[AT - 299, 6]] })),
      6,
      'LoadBelowCapacity',
    ],
    [
      'there were more a moment ago',
      less({ memory: { operation: { ...operation, lastUpAt: AT - 44 } } }),
      12,
      'WindowNotFull',
    ],
    ['not known for long enough', less({ memory: { knownSince: AT - 44 } }), 12, 'WindowNotFull'],
    ['something waits', less({ known: { backlog: 101 } }), 12, 'DrainsInTime'],
    [
      'a change is under way',
      less({ memory: { operation: { ...operation, underway: { at: 999, from: 8, to: 12 } } } }),
      12,
      'ReplicasStarting',
    ],
    ['all are needed', { replicas: 12, known: { sized: sized(12) } }, undefined, undefined],
  ] as const)('%s', (...[, given, replicas, reason]) => {
    const ruling = fewerReplicas(situation(given));
    expect([ruling?.replicas, ruling?.reason]).toEqual([replicas, reason]);
  });

  test('regret asks for longer of the load, not of a backlog that was worked off', () => {
    const memory = { regret: { factor: 4, at: AT } };
    const after = (past: Partial<PastNeeds>) =>
      fewerReplicas(situation(less({ memory: { ...memory, ...needed(past).memory } })))?.replicas;
    expect(after({ whole: [[AT - 60, 12]] })).toBe(2);
    expect(after({ load: [[AT - 60, 12]], comfort: [[AT - 60, 12]] })).toBe(12);
    expect(after({ load: [[AT - 60, 4]], comfort: [[AT - 60, 4]] })).toBe(4);
  });

  test('the less is saved, the longer it must have been so, and regret doubles it', () => {
    const { rebalances } = newScalerState(0, running(1));
    // A pause of 2 s: 20 x 2 x (n + n') / (n - n').
    const memory = { rebalances: { ...rebalances, seconds: 1.5, weight: 1 } };
    const wait = (from: number, to: number, more: Partial<ScalerState> = {}) => {
      const asked = waitsFor(situation({ replicas: from, memory: { ...memory, ...more } }), to);
      return [asked.whole, asked.comfort, asked.load].map(Math.round);
    };
    expect(wait(24, 1)).toEqual([45, 45, 300]);
    expect(wait(12, 8)).toEqual([200, 200, 400]);
    expect(wait(6, 5)).toEqual([440, 440, 880]);
    expect(wait(12, 8, { regret: { factor: 2, at: AT } })).toEqual([200, 400, 800]);
  });
});
