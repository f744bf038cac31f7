import type { Trace } from './traces.ts';
import { MAX_AGE_SECONDS, neededAt, oracleReplicaSeconds, secondsOf, stepOf } from './traces.ts';

/** One record: seconds of the trace at which it was due, and was settled first. */
export interface Settled {
  readonly arrived: number;
  readonly settled: number;
}

/** `spec.replicas` of the target from this second of the trace on. */
export interface Setting {
  readonly second: number;
  readonly replicas: number;
}

export interface Figures {
  /** Seconds at which a record had been waiting longer than the objective. */
  readonly secondsOver: number;
  /** Of these, after the first scale-down. */
  readonly secondsOverAfterDown: number;
  /** Share of the records that waited longer than the objective. */
  readonly lateShare: number;
  readonly ageP50: number;
  readonly ageP99: number;
  readonly ageMax: number;
  readonly replicaSeconds: number;
  /** Replica-seconds over those of as many workers as are needed at every second. */
  readonly timesOracle: number;
  readonly actions: number;
  /** Changes of direction within 300 s. */
  readonly reversals: number;
  /** Scale-downs to fewer than the load of that second needs. */
  readonly badDowns: number;
  readonly peak: number;
  /** Seconds from the step of the load to the first scale-up after it; undefined: none. */
  readonly firstUp: number | undefined;
}

const REVERSAL_SECONDS = 300;

/** `settings`: in order; the first is what there was at the beginning. */
export function figuresOf(trace: Trace, records: readonly Settled[], settings: readonly Setting[]): Figures {
  const ages = oldestBySecond(records, secondsOf(trace));
  const over = [...ages.keys()].filter((second) => ages[second]! > MAX_AGE_SECONDS);
  const waits = records.map(({ arrived, settled }) => settled - arrived).toSorted((a, b) => a - b);
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(share * waits.length))] ?? NaN;
  const scalings = scalingsOf(settings);
  const firstDown = scalings.find(({ from, to }) => to < from)?.second ?? Infinity;
  const replicaSeconds = replicaSecondsOf(settings, secondsOf(trace));
  return {
    secondsOver: over.length,
    secondsOverAfterDown: over.filter((second) => second >= firstDown).length,
    lateShare: waits.filter((wait) => wait > MAX_AGE_SECONDS).length / Math.max(1, waits.length),
    ageP50: at(0.5),
    ageP99: at(0.99),
    ageMax: waits.at(-1) ?? NaN,
    replicaSeconds,
    timesOracle: replicaSeconds / oracleReplicaSeconds(trace),
    actions: scalings.length,
    reversals: reversalsOf(scalings),
    badDowns: scalings.filter(({ from, to, second }) => to < from && to < neededAt(trace, second)).length,
    peak: Math.max(...settings.map(({ replicas }) => replicas)),
    firstUp: firstUpOf(trace, scalings),
  };
}

/** For each second, how long the oldest record that had come and was not settled had been waiting. */
export function oldestBySecond(records: readonly Settled[], seconds: number): number[] {
  const ages = Array.from({ length: seconds }, () => 0);
  for (const { arrived, settled } of records)
    for (let second = Math.ceil(arrived); second < Math.min(settled, seconds); second++)
      ages[second] = Math.max(ages[second]!, second - arrived);
  return ages;
}

/** For each second, how many records had come and were not settled. */
export function waitingBySecond(records: readonly Settled[], seconds: number): number[] {
  const counts = Array.from({ length: seconds }, () => 0);
  for (const { arrived, settled } of records)
    for (let second = Math.ceil(arrived); second < Math.min(settled, seconds); second++) counts[second]!++;
  return counts;
}

export interface Scaling {
  readonly second: number;
  readonly from: number;
  readonly to: number;
}

export function scalingsOf(settings: readonly Setting[]): Scaling[] {
  return settings.slice(1).map(({ second, replicas }, index) => ({
    second,
    from: settings[index]!.replicas,
    to: replicas,
  }));
}

/** In short: `35:1>4 37:4>12`. */
export function stepsOf(scalings: readonly Scaling[]): string {
  return scalings.map(({ second, from, to }) => `${Math.round(second)}:${from}>${to}`).join(' ');
}

function firstUpOf(trace: Trace, scalings: readonly Scaling[]): number | undefined {
  const step = stepOf(trace);
  const up = scalings.find(({ second, from, to }) => second >= step && to > from);
  return up && up.second - step;
}

function replicaSecondsOf(settings: readonly Setting[], seconds: number): number {
  return settings.reduce((sum, { second, replicas }, index) => {
    const until = settings[index + 1]?.second ?? seconds;
    return sum + replicas * Math.max(0, Math.min(until, seconds) - Math.max(0, second));
  }, 0);
}

function reversalsOf(scalings: readonly Scaling[]): number {
  return scalings.filter((scaling, index) => {
    const before = scalings[index - 1];
    if (!before || scaling.second - before.second > REVERSAL_SECONDS) return false;
    return Math.sign(scaling.to - scaling.from) !== Math.sign(before.to - before.from);
  }).length;
}
