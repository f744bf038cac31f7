import { type Bottleneck, NO_BOTTLENECK, type Trial } from './bottleneck.ts';
import { capacityOf, differ } from './capacity.ts';
import { effectiveReplicas } from './levels.ts';
import { unevenShares } from './partition-load.ts';
import type { ScalerState } from './state.ts';

/** After this long without a saturated stretch there is nothing to judge. */
const TRIAL_SECONDS = 180;
/** Over how long the throughput before is measured. */
const LEAST_SECONDS = 4;

/**
 * Every scale-up of ours is on trial until its effect has been seen. What is set by hand is not ours to judge, and
 * ends what was known of a limit.
 */
export function tried(memory: ScalerState, before: ScalerState, partitions: number): Bottleneck {
  const { operation, bottleneck, at } = memory;
  const { trial, ceiling } = bottleneck;
  const change = operation.desired - before.operation.desired;
  if (change !== 0 && operation.byHandAt === at) return NO_BOTTLENECK;
  if (change > 0 && before.operation.desired > 0) {
    const started = trial === undefined ? trialFrom(before, at, partitions) : { ...trial, at, fruitless: 0 };
    return { trial: started && { ...started, to: operation.desired }, ceiling };
  }
  const over = trial !== undefined && (change < 0 || at - trial.at > TRIAL_SECONDS);
  return over ? { trial: undefined, ceiling } : bottleneck;
}

/**
 * Undefined: there is nothing to compare with. What was settled over a few seconds is coarse where commits are rare: it
 * does to see whether more replicas settle more, but tells what one can only where busy time deceives.
 */
function trialFrom(before: ScalerState, at: number, partitions: number): Omit<Trial, 'to'> | undefined {
  const from = before.operation.desired;
  const throughput = fullThroughput(before);
  const shares = unevenShares(before.partitionLoad.counts);
  const known = capacityOf(before, undefined);
  const believed = known?.perReplica;
  const settled =
    throughput === undefined ? believed : throughput / effectiveReplicas(partitions, from, shares);
  const agree = believed !== undefined && settled !== undefined && !differ(believed, settled);
  const isTold = before.busy.perReplica !== undefined;
  const perReplica = agree || !isTold ? (believed ?? settled) : settled;
  if (perReplica === undefined) return undefined;
  const isKnown = isTold || believed !== undefined;
  return { at, from, throughput, perReplica, isKnown, deviation: known?.deviation ?? 0, fruitless: 0 };
}

/**
 * Records per second that were settled lately. Undefined: there was not more to do all the time, or something changed
 * in the group, so it was no limit.
 */
function fullThroughput({ at, samples, saturation }: ScalerState): number | undefined {
  const last = samples.at(-1);
  const first = samples.findLast(([seen]) => seen <= at - LEAST_SECONDS + 0.1);
  if (first === undefined || last === undefined || (saturation.quietSince ?? at) > first[0]) return undefined;
  const throughput = (last[2] - first[2]) / (last[0] - first[0]);
  const full = samples.every(([seen, written, settled]) => seen < first[0] || written - settled > throughput);
  return full && throughput > 0 ? throughput : undefined;
}
