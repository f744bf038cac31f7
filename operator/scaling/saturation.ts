import { type Look, sum } from './look.ts';
import { ownPartitions } from './members.ts';

/** A stretch without changes in the group, watched for replicas that had more to do than they could. */
export interface Saturation {
  /** Where the stretch began; undefined: it begins with the next look. */
  readonly since: number | undefined;
  /** Since when nothing has changed in the group, over stretches. */
  readonly quietSince: number | undefined;
  readonly positions: readonly number[];
  /** Least lag of each partition since. */
  readonly leastLags: readonly number[];
  /** What the last stretch has shown. */
  readonly last: SaturationSample | undefined;
  /** Records per second of one saturated replica, smoothed over stretches; and when last measured. */
  readonly perReplica: number | undefined;
  readonly measuredAt: number;
  /** What busy time said then, if anything. */
  readonly busyThen: number | undefined;
}

export interface SaturationSample {
  readonly at: number;
  readonly since: number;
  /** Records per second settled by all replicas. */
  readonly throughput: number;
  /** Share of the partitions that never ran dry. */
  readonly share: number;
}

export const NO_SATURATION: Saturation = {
  since: undefined,
  quietSince: undefined,
  positions: [],
  leastLags: [],
  last: undefined,
  perReplica: undefined,
  measuredAt: 0,
  busyThen: undefined,
};

const STRETCH_SECONDS = 8;
const FIRST_STRETCH_SECONDS = 4;
/** Weight of a new measurement. */
const SMOOTHING = 0.5;

/** The stretch is over: something has changed in the group. */
export const interrupted = (before: Saturation): Saturation => ({
  ...before,
  since: undefined,
  quietSince: undefined,
});

/**
 * Takes in one look of a stretch without changes. A partition is saturated when it never had less lag than is
 * settled between two commits; a replica, when all of its partitions are: what it settled is then what it can.
 * The median over such replicas counts.
 *
 * Source: the observed true processing rate of Flink's autoscaler, which is used where busy time deceives.
 */
export function withStretch(before: Saturation, look: Look, at: number, commitSeconds: number): Saturation {
  const { since } = before;
  const { quietSince = at } = before;
  const begin = { ...before, since: at, quietSince, positions: look.positions, leastLags: look.lags };
  if (since === undefined || before.positions.length !== look.positions.length) return begin;
  if (mostlyLagging(look.lags) && !mostlyLagging(before.leastLags)) return begin;
  const leastLags = before.leastLags.map((least, index) => Math.min(least, look.lags[index] ?? 0));
  const length = before.perReplica === undefined ? FIRST_STRETCH_SECONDS : STRETCH_SECONDS;
  const elapsed = at - since;
  if (elapsed < length - 0.1) return { ...before, leastLags };
  const rates = look.positions.map(
    (position, index) => (position - (before.positions[index] ?? position)) / elapsed,
  );
  const saturated = rates.map((rate, index) => rate > 0 && (leastLags[index] ?? 0) > rate * commitSeconds);
  const last: SaturationSample = {
    at,
    since,
    throughput: rates.reduce((sum, rate) => sum + rate, 0),
    share: saturated.filter(Boolean).length / Math.max(1, saturated.length),
  };
  const measured = medianReplica(look, rates, saturated);
  if (measured === undefined) return { ...begin, last };
  const smoothed =
    before.perReplica === undefined
      ? measured
      : before.perReplica + SMOOTHING * (measured - before.perReplica);
  return { ...begin, last, perReplica: smoothed, measuredAt: at };
}

/** A stretch that began before there was enough to do would measure nothing. */
const mostlyLagging = (lags: readonly number[]): boolean =>
  lags.filter((lag) => lag > 0).length >= lags.length / 2;

function medianReplica(
  look: Look,
  rates: readonly number[],
  saturated: readonly boolean[],
): number | undefined {
  const owned = ownPartitions(look);
  if (owned === undefined) return evenReplica(look, rates, saturated);
  const perMember = owned
    .filter((own) => own.length > 0 && own.every((at) => saturated[at]))
    .map((own) => sum(own.map((at) => rates[at] ?? 0)));
  return perMember.sort((a, b) => a - b)[perMember.length >> 1];
}

/** Without known assignments: all of it over all members, if nothing ran dry. */
function evenReplica(
  look: Look,
  rates: readonly number[],
  saturated: readonly boolean[],
): number | undefined {
  const working = Math.min(look.group.members.length, rates.length);
  if (working === 0 || !saturated.every(Boolean)) return undefined;
  return rates.reduce((sum, rate) => sum + rate, 0) / working;
}
