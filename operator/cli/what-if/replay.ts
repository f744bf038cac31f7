import { decide, initialState } from '../../scaling/decide.ts';
import type {
  Decision,
  Measured,
  Observation,
  Profile,
  ScalerObservation,
  ScalerSpec,
} from '../../scaling/types.ts';
import { Consumption } from './consumption.ts';

/** What is to be different; what is undefined stays as it was recorded. */
export interface Change {
  readonly maxAgeSeconds?: number | undefined;
  readonly profile?: Profile | undefined;
  readonly minReplicas?: number | undefined;
  readonly maxReplicas?: number | undefined;
}

/** One moment of one scaler. */
export interface Point {
  readonly at: number;
  readonly desired: number;
  readonly ready: number;
  readonly lag: number | undefined;
  readonly age: number | undefined;
  readonly arrival: number | undefined;
  /** Set where the replicas were changed. */
  readonly scaling: { readonly to: number; readonly decision: Decision } | undefined;
}

export interface Course {
  readonly points: readonly Point[];
  readonly spec: ScalerSpec;
}

/** By scaler: as it was, and as it would have been. */
export interface Comparison {
  readonly name: string;
  readonly recorded: Course;
  /** Undefined: what a replica can do was never measured, so nothing can be said. */
  readonly whatIf: Course | undefined;
}

/**
 * Decides a recording again, with other settings. Arrivals are as they were recorded, at every stage; what the
 * replicas would have settled of them is modelled, with the capacity and the delays that were measured. `only`: the
 * scaler whose settings change, and that is told of.
 */
export function compare(observations: readonly Observation[], change: Change, only?: string): Comparison[] {
  const recorded = asRecorded(observations);
  const measured = new Map([...recorded].map(([name, { measured: all }]) => [name, typical(all)]));
  const changes = (name: string): Change => (only === undefined || only === name ? change : {});
  const whatIf = asChanged(observations, changes, measured);
  return [...recorded]
    .filter(([name]) => only === undefined || only === name)
    .map(([name, { course }]) => ({ name, recorded: course, whatIf: whatIf.get(name) }));
}

interface Recorded {
  readonly course: Course;
  readonly measured: readonly Measured[];
}

function asRecorded(observations: readonly Observation[]): Map<string, Recorded> {
  const found = new Map<string, { points: Point[]; spec: ScalerSpec; measured: Measured[] }>();
  let state = initialState();
  for (const observation of observations) {
    const decided = decide(state, observation);
    state = decided.state;
    for (const [index, seen] of observation.scalers.entries()) {
      const decision = decided.decisions[index]!;
      const { name } = seen.spec;
      const one = found.get(name) ?? { points: [], spec: seen.spec, measured: [] };
      found.set(name, one);
      const before = one.points.at(-1);
      const to = seen.replicas.desired;
      const scaling = before && before.desired !== to ? { to, decision } : undefined;
      one.points.push(pointOf(observation.at, seen, decision, scaling));
      one.measured.push(decision.measured);
    }
  }
  return new Map(
    [...found].map(([name, { points, spec, measured }]) => [name, { course: { points, spec }, measured }]),
  );
}

interface Typical {
  readonly capacityPerReplica: number;
  readonly coldStartSeconds: number;
  readonly rebalanceSeconds: number;
}

/** Medians over the recording. Undefined: no capacity was ever known. */
function typical(measured: readonly Measured[]): Typical | undefined {
  const capacityPerReplica = median(measured.flatMap((one) => one.capacityPerReplica ?? []));
  if (capacityPerReplica === undefined) return undefined;
  return {
    capacityPerReplica,
    coldStartSeconds: median(measured.map((one) => one.coldStartSeconds)) ?? 0,
    rebalanceSeconds: median(measured.map((one) => one.rebalanceSeconds)) ?? 0,
  };
}

function asChanged(
  observations: readonly Observation[],
  changes: (name: string) => Change,
  measured: ReadonlyMap<string, Typical | undefined>,
): Map<string, Course> {
  const stages = new Map<string, Consumption>();
  const courses = new Map<string, { points: Point[]; spec: ScalerSpec }>();
  let state = initialState();
  for (const { at, scalers } of observations) {
    const seen = scalers.flatMap((scaler): ScalerObservation[] => {
      const known = measured.get(scaler.spec.name);
      return known ? [changed(scaler, changes(scaler.spec.name), stageOf(stages, scaler, known), at)] : [];
    });
    const decided = decide(state, { at, scalers: seen });
    state = decided.state;
    for (const [index, scaler] of seen.entries()) {
      const decision = decided.decisions[index]!;
      const { name } = scaler.spec;
      const to = decision.replicas;
      const scaling = to === scaler.replicas.desired ? undefined : { to, decision };
      if (scaling) stages.get(name)!.scale(to, at);
      const course = courses.get(name) ?? { points: [], spec: scaler.spec };
      courses.set(name, course);
      course.points.push(pointOf(at, scaler, decision, scaling));
    }
  }
  return courses;
}

function stageOf(stages: Map<string, Consumption>, scaler: ScalerObservation, known: Typical): Consumption {
  const { name } = scaler.spec;
  const stage = stages.get(name) ?? new Consumption(known, scaler.replicas);
  stages.set(name, stage);
  return stage;
}

/** Unknown lag is as unknown as it was. */
function changed(
  { spec, lag, replicas }: ScalerObservation,
  change: Change,
  stage: Consumption,
  at: number,
): ScalerObservation {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return {
    spec: { ...spec, ...given },
    lag: lag.kind === 'known' ? stage.read(lag, at) : lag,
    replicas: stage.replicas(replicas.revision),
  };
}

function pointOf(
  at: number,
  { replicas }: ScalerObservation,
  { measured }: Decision,
  scaling: Point['scaling'],
): Point {
  const { lagRecords: lag, ageSeconds: age, arrivalPerSecond: arrival } = measured;
  return { at, desired: replicas.desired, ready: replicas.ready, lag, age, arrival, scaling };
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
