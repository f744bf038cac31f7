import { evenReplicas } from './levels.ts';
import type { SaturationSample } from './saturation.ts';
import type { Shown } from './service-rate.ts';

/** What is known of a limit that replicas share, such as a database. */
export interface Bottleneck {
  /** A scale-up whose effect has not been judged. */
  readonly trial: Trial | undefined;
  /** No more than this: more did not settle more. */
  readonly ceiling: Ceiling | undefined;
}

export interface Trial {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** Records per second settled before; undefined: the stage was not full then. */
  readonly throughput: number | undefined;
  /** Records per second of one replica: as believed before, or as they settled then. */
  readonly perReplica: number;
  /** It was known to be what one can; if not, what members settle meanwhile is not held to it. */
  readonly isKnown: boolean;
  /** Of that, relative. */
  readonly deviation: number;
  /** Stretches that showed no gain. */
  readonly fruitless: number;
}

export interface Ceiling {
  readonly replicas: number;
  /** Records per second settled there; undefined until measured. */
  readonly throughput: number | undefined;
  /** When more are tried again, and how long was waited for it. */
  readonly probeAt: number;
  readonly probeSeconds: number;
  readonly since: number;
}

export const NO_BOTTLENECK: Bottleneck = { trial: undefined, ceiling: undefined };

const LEAST_GAIN = 0.2;
const CLEAR_GAIN = 0.6;
const FRUITLESS_STRETCHES = 2;
const PROBE_SECONDS = 300;
const PROBE_LIMIT_SECONDS = 3_600;
const CHANGED = 0.15;
/** Share of the partitions that must be saturated for a throughput to mean a limit. */
export const SATURATED_SHARE = 0.5;

/**
 * Judges the scale-up under trial by a stretch that lies after it. Throughput should have grown as the effective
 * replicas did; of that growth
 *
 *   eta = (X_new - X_old) / (X_old (eff_new / eff_old - 1))
 *
 * has come true. Below 0.2 in two stretches is a bottleneck: back to the fewest replicas that settle as much. Only
 * saturated stretches are compared; a stage that keeps up has gained what it needed.
 *
 * Source: the ineffective-scaling test of Flink's autoscaler, which compares unsaturated rates too.
 */
export function judge(before: Bottleneck, sample: SaturationSample, partitions: number): Bottleneck {
  const { trial, ceiling } = before;
  if (trial === undefined)
    return ceiling === undefined ? before : { trial, ceiling: remeasured(ceiling, sample) };
  if (sample.since < trial.at) return before;
  if (trial.throughput === undefined || gainOf(trial, trial.throughput, sample, partitions) >= LEAST_GAIN) {
    return passed(trial, ceiling, sample);
  }
  const fruitless = trial.fruitless + 1;
  if (fruitless < FRUITLESS_STRETCHES) return { trial: { ...trial, fruitless }, ceiling };
  const probeSeconds = Math.min(
    PROBE_LIMIT_SECONDS,
    ceiling === undefined ? PROBE_SECONDS : 2 * ceiling.probeSeconds,
  );
  const replicas = fewestFor(sample.throughput / trial.perReplica, trial, partitions);
  return {
    trial: undefined,
    ceiling: {
      replicas,
      throughput: undefined,
      probeAt: sample.at + probeSeconds,
      probeSeconds,
      since: sample.at,
    },
  };
}

/** What members settle now shows that more of them settle more: there is no need to wait for a whole stretch. */
export function confirmed(before: Bottleneck, shown: Shown | undefined, partitions: number): Bottleneck {
  const { trial, ceiling } = before;
  if (trial === undefined || shown === undefined || shown.at <= trial.at) return before;
  if (ceiling !== undefined || shown.replicas < SATURATED_SHARE * trial.to) return before;
  if (trial.throughput === undefined) return NO_BOTTLENECK;
  const throughput = shown.perReplica * evenReplicas(partitions, trial.to);
  const growth = evenReplicas(partitions, trial.to) / evenReplicas(partitions, trial.from) - 1;
  return throughput - trial.throughput >= CLEAR_GAIN * trial.throughput * growth ? NO_BOTTLENECK : before;
}

/** eta; a stage that keeps up has gained all that it needed. */
function gainOf({ from, to }: Trial, before: number, sample: SaturationSample, partitions: number): number {
  if (sample.share < SATURATED_SHARE) return 1;
  const growth = evenReplicas(partitions, to) / evenReplicas(partitions, from) - 1;
  return (sample.throughput - before) / (before * growth);
}

/** A probe that helped moves the ceiling up, and the next level is tried at once; without a ceiling all is well. */
function passed(trial: Trial, ceiling: Ceiling | undefined, { share, at }: SaturationSample): Bottleneck {
  if (ceiling === undefined || trial.to <= ceiling.replicas || share < SATURATED_SHARE) return NO_BOTTLENECK;
  return { trial: undefined, ceiling: { ...ceiling, replicas: trial.to, throughput: undefined, since: at } };
}

/** The throughput at the ceiling is measured once; when it has changed, more are tried at once. */
function remeasured(ceiling: Ceiling, { throughput, share, at, since }: SaturationSample): Ceiling {
  if (share < SATURATED_SHARE || since < ceiling.since) return ceiling;
  if (ceiling.throughput === undefined) return { ...ceiling, throughput };
  const change = Math.abs(throughput / ceiling.throughput - 1);
  return change > CHANGED ? { ...ceiling, probeAt: Math.min(ceiling.probeAt, at) } : ceiling;
}

/** Fewest replicas that are worth `effective` ones (3 % less will do), from those before the trial to one less. */
function fewestFor(effective: number, { from, to }: Trial, partitions: number): number {
  for (let replicas = from; replicas < to; replicas++) {
    if (evenReplicas(partitions, replicas) >= 0.97 * effective) return replicas;
  }
  return from;
}
