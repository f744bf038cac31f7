import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, initialState } from './decide.ts';
import { candidateReplicas, evenReplicas } from './levels.ts';
import { PROFILES } from './settings.ts';
import type { ScalingState } from './state.ts';
import { unknownLag } from './test-observations.ts';
import { TestStage } from './test-stage.ts';
import type { Decision, LagReading, Observation, ScalerObservation } from './types.ts';

/** What may happen between two looks, to one of two stages in a row. */
const EVENTS = fc.oneof(
  { weight: 30, arbitrary: fc.constant({ kind: 'none' } as const) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rate'), rate: fc.integer({ min: 0, max: 500 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('capacity'), perReplica: fc.integer({ min: 1, max: 200 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'unknown' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'rebalance' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'partitions' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'recreated' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'rewound' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'rollout' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('by-hand'), replicas: fc.integer({ min: 0, max: 30 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'not-applied' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'not-ready' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'silent' } as const) },
);
type Event = typeof EVENTS extends fc.Arbitrary<infer E> ? E : never;

const STEPS = fc.array(
  fc.record({ first: EVENTS, second: EVENTS, seconds: fc.constantFrom(1, 2, 2, 2, 5) }),
  { minLength: 20, maxLength: 150 },
);
const SETTINGS = fc.record({
  partitions: fc.constantFrom(1, 5, 12, 24, 50),
  minReplicas: fc.constantFrom(0, 1, 3),
  span: fc.integer({ min: 1, max: 24 }),
  profile: fc.constantFrom('cost', 'balanced', 'stable'),
  fallback: fc.option(
    fc.record({ replicas: fc.integer({ min: 0, max: 12 }), afterSeconds: fc.constantFrom(2, 20) }),
    {
      nil: undefined,
    },
  ),
});

/** Of each property. */
const RUNS = 60;

/** One look at one scaler, what was decided, and what was remembered before and after. */
interface Seen {
  readonly at: number;
  readonly scaler: ScalerObservation;
  readonly decision: Decision;
  readonly before: ScalingState;
  readonly after: ScalingState;
  readonly observation: Observation;
}

const scenario = (check: (seen: Seen, all: readonly Seen[]) => void): void => {
  fc.assert(
    fc.property(SETTINGS, STEPS, ({ span, partitions, ...given }, steps) => {
      const spec = { ...given, maxReplicas: Math.max(1, given.minReplicas + span), idleSeconds: 30 };
      const stages = [
        new TestStage({ name: 'first', ...spec }, { replicas: 2, partitions }),
        new TestStage({ name: 'second', ...spec, upstream: ['first'] }, { replicas: 2, partitions }),
      ];
      const seen: Seen[] = [];
      for (const each of play(stages, steps)) {
        seen.push(...each);
        for (const one of each) check(one, seen);
      }
    }),
    { numRuns: RUNS },
  );
};

function* play(
  stages: readonly TestStage[],
  steps: readonly { first: Event; second: Event; seconds: number }[],
) {
  let state = initialState();
  let at = 0;
  let rate = 60;
  for (const { first, second, seconds } of steps) {
    at += seconds;
    if (first.kind === 'rate') ({ rate } = first);
    let arriving = rate * seconds;
    for (const stage of stages) {
      const before = stage.settled;
      stage.run(seconds, Math.round(arriving));
      arriving = stage.settled - before;
    }
    [first, second].forEach((event, index) => happen(stages[index]!, event));
    const scalers = [first, second].map((event, index) => look(stages[index]!, event));
    const observation = deepFreeze({ at, scalers });
    const before = deepFreeze(state);
    const { state: after, decisions } = decide(before, observation);
    yield scalers.map((scaler, index) => ({
      at,
      scaler,
      decision: decisions[index]!,
      before,
      after,
      observation,
    }));
    state = after;
    [first, second].forEach(({ kind }, index) => {
      if (kind !== 'not-applied') stages[index]!.scale(decisions[index]!.replicas);
    });
  }
}

function happen(stage: TestStage, event: Event): void {
  if (event.kind === 'capacity') stage.perReplica = event.perReplica;
  if (event.kind === 'by-hand') stage.scale(event.replicas);
  if (event.kind === 'rollout') stage.revision += 'x';
  if (event.kind === 'silent') stage.tellsLoad = !stage.tellsLoad;
  if (event.kind === 'rebalance') stage.generation++;
  if (event.kind === 'partitions') {
    stage.ends.push(0);
    stage.positions.push(0);
  }
  if (event.kind === 'recreated') {
    stage.ends.fill(0);
    stage.positions.fill(0);
  }
  if (event.kind === 'rewound') stage.positions.fill(0);
}

function look(stage: TestStage, { kind }: Event): ScalerObservation {
  const seen = stage.observe();
  if (kind === 'unknown') return { ...seen, lag: unknownLag() };
  if (kind === 'not-ready') return { ...seen, replicas: { ...seen.replicas, ready: 0 } };
  if (kind !== 'rebalance' || seen.lag.kind !== 'known') return seen;
  const lag: LagReading = { ...seen.lag, group: { ...seen.lag.group, state: 'PreparingRebalance' } };
  return { ...seen, lag };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

describe('whatever happens', () => {
  test('P1: what is not known lowers nothing', () => {
    scenario(({ scaler: { lag, replicas, spec }, decision, after }) => {
      const known = lag.kind === 'known' && after.scalers[spec.name]!.unknownSince === undefined;
      if (known) return;
      expect(decision.replicas).toBeGreaterThanOrEqual(Math.min(replicas.desired, spec.maxReplicas));
      expect(['LagUnknown', 'Fallback', 'BelowMinimum', 'AboveMaximum']).toContain(decision.reason);
    });
  });

  test('P2: replicas are within the bounds, and a level of the partitions when they change', () => {
    scenario(({ scaler: { lag, replicas, spec }, decision }) => {
      const { minReplicas, maxReplicas, fallback } = spec;
      expect(Number.isInteger(decision.replicas)).toBe(true);
      expect(decision.replicas).toBeGreaterThanOrEqual(minReplicas);
      expect(decision.replicas).toBeLessThanOrEqual(maxReplicas);
      const levels =
        lag.kind === 'known' ? candidateReplicas(lag.partitions.length, minReplicas, maxReplicas) : [];
      const allowed = [replicas.desired, 0, minReplicas, maxReplicas, fallback?.replicas, ...levels];
      expect(allowed).toContain(decision.replicas);
    });
  });

  test('P4: nothing is taken away soon after something was added, nor while it is starting', () => {
    scenario(({ at, scaler: { spec, replicas }, decision, after }) => {
      if (decision.reason !== 'LoadBelowCapacity') return;
      const { lastUpAt = Number.NEGATIVE_INFINITY, underway } = after.scalers[spec.name]!.operation;
      expect(underway).toBeUndefined();
      expect(at - lastUpAt).toBeGreaterThanOrEqual(PROFILES[spec.profile].window);
      expect(decision.replicas).toBeLessThan(replicas.desired);
    });
  });

  test('P4: while replicas are starting, only a much higher need changes the order, or a load certainly above it', () => {
    scenario(({ scaler: { spec, replicas }, decision, after }) => {
      const { underway } = after.scalers[spec.name]!.operation;
      const ordinary = ['BacklogTooOld', 'RampAhead', 'UpstreamLoad', 'CapacityUnknown'];
      if (underway === undefined || !ordinary.includes(decision.reason)) return;
      expect(decision.replicas).toBeGreaterThanOrEqual(1.5 * replicas.desired);
    });
  });

  test('P5: what stays is enough for what has been coming all through the window', () => {
    scenario(({ at, scaler: { lag, spec, replicas }, decision, before }, all) => {
      if (decision.reason !== 'LoadBelowCapacity' || lag.kind !== 'known') return;
      const capacity = decision.measured.capacityPerReplica;
      if (capacity === undefined) return;
      const since = at - PROFILES[spec.profile].window;
      expect(before.scalers[spec.name]!.knownSince).toBeLessThanOrEqual(since);
      // In the unit of that look: what a replica was thought to settle then.
      const needed = all
        .filter((one) => one.scaler.spec.name === spec.name && one.at > since)
        .map(({ decision: { measured } }) => measured)
        .map((one) => (one.plannedPerSecond ?? 0) / (one.capacityPerReplica ?? Number.POSITIVE_INFINITY));
      const [now, then] = [replicas.desired, decision.replicas].map((count) =>
        evenReplicas(lag.partitions.length, count),
      );
      // What is beyond all partitions does nothing, so it may go whatever comes.
      expect(Math.min(now!, Math.max(...needed))).toBeLessThanOrEqual(then!);
    });
  });

  test('P6: more than was found to help is not asked for until it is tried again', () => {
    scenario(({ at, scaler: { spec, replicas }, decision, after }) => {
      const { ceiling } = after.scalers[spec.name]!.bottleneck;
      if (ceiling === undefined || at >= ceiling.probeAt || decision.replicas <= replicas.desired) return;
      expect(decision.replicas).toBeLessThanOrEqual(
        Math.max(ceiling.replicas, spec.minReplicas, spec.fallback?.replicas ?? 0),
      );
    });
  });

  test('P7: no stage sleeps while there is work for it, here or upstream', () => {
    scenario(({ scaler: { spec, lag }, decision, observation, after }) => {
      if (lag.kind !== 'known' || after.scalers[spec.name]!.unknownSince !== undefined) return;
      if (lag.group.state !== 'Stable' && lag.group.state !== 'Empty') return;
      const feeding = observation.scalers.filter(
        ({ spec: { name } }) => name === spec.name || spec.upstream.includes(name),
      );
      const works = feeding.some(
        (one) =>
          after.scalers[one.spec.name]!.unknownSince === undefined &&
          one.lag.kind === 'known' &&
          one.lag.partitions.some(({ end, committed = 0 }) => end > committed),
      );
      expect(decision.replicas).toBeGreaterThanOrEqual(works ? 1 : 0);
    });
  });

  test('P8: the same gives the same, from a state that went through JSON too', () => {
    scenario(({ before, after, observation }, all) => {
      // Comparing takes longer than deciding: some of the looks do.
      if (all.length % 7 > 1) return;
      const stored = JSON.parse(JSON.stringify(before)) as ScalingState;
      const again = decide(stored, observation);
      expect(JSON.parse(JSON.stringify(again.state))).toEqual(JSON.parse(JSON.stringify(after)));
    });
  });

  test('the state stays small', () => {
    scenario(({ after, scaler: { lag } }) => {
      const partitions = lag.kind === 'known' ? lag.partitions.length : 50;
      const perScaler = JSON.stringify(after).length / 2;
      expect(perScaler).toBeLessThan(4_000 + 250 * partitions);
    });
  });

  test('every decision says why, in figures that are figures', () => {
    scenario(({ decision }) => {
      expect(decision.message).not.toMatch(/undefined|NaN|Infinity|null/);
      expect(decision.alternatives.filter(({ verdict }) => verdict === 'chosen')).toHaveLength(1);
      const figures = Object.values(decision.measured).filter((value) => typeof value === 'number');
      expect(figures.filter((value) => !Number.isFinite(value))).toEqual([]);
    });
  });
});

test('P3: under constant load by chance nothing changes any more once it fits', () => {
  fc.assert(
    fc.property(
      fc.record({
        rate: fc.integer({ min: 3, max: 400 }),
        perReplica: fc.integer({ min: 15, max: 80 }),
        replicas: fc.integer({ min: 1, max: 24 }),
        seed: fc.integer({ min: 1, max: 1_000_000 }),
      }),
      ({ rate, perReplica, replicas, seed }) => {
        const stage = new TestStage({}, { replicas, perReplica });
        const random = createRandom(seed);
        let state = initialState();
        const changes: number[] = [];
        for (let at = 0; at < 1_500; at += 2) {
          stage.run(2, poisson(random, 2 * rate));
          const decided = decide(state, { at, scalers: [stage.observe()] });
          state = decided.state;
          const wanted = decided.decisions[0]!.replicas;
          if (wanted !== stage.replicas) changes.push(at);
          stage.scale(wanted);
        }
        expect(changes.filter((at) => at > 600).length).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 20 },
  );
});

/** mulberry32: 0 <= x < 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** By exponential gaps. */
function poisson(random: () => number, mean: number): number {
  let count = 0;
  for (let left = mean + Math.log(1 - random()); left > 0; left += Math.log(1 - random())) count++;
  return count;
}
