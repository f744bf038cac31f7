import { type Bottleneck, NO_BOTTLENECK, type Trial } from './bottleneck.ts';
import { evenReplicas } from './levels.ts';
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
  if (change !== 0 && operation.byHand) return NO_BOTTLENECK;
  if (change > 0 && before.operation.desired > 0) {
    const started = trial === undefined ? trialFrom(before, at, partitions) : { ...trial, at, fruitless: 0 };
    return { trial: started && { ...started, to: operation.desired }, ceiling };
  }
  const over = trial !== undefined && (change < 0 || at - trial.at > TRIAL_SECONDS);
  return over ? { trial: undefined, ceiling } : bottleneck;
}

/**
 * Undefined: the stage was not full, so there is nothing that its effect could be compared with. A throughput is a
 * limit only while there was more to do throughout.
 */
function trialFrom(before: ScalerState, at: number, partitions: number): Omit<Trial, 'to'> | undefined {
  const from = before.operation.desired;
  const last = before.samples.at(-1);
  const first = before.samples.findLast(([seen]) => seen <= before.at - LEAST_SECONDS + 0.1);
  if (first === undefined || last === undefined) return undefined;
  if ((before.saturation.quietSince ?? before.at) > first[0]) return undefined;
  const throughput = (last[2] - first[2]) / (last[0] - first[0]);
  const lagging = before.samples.every(
    ([seen, written, settled]) => seen < first[0] || written - settled > throughput,
  );
  if (!lagging || throughput <= 0) return undefined;
  return { at, from, throughput, perReplica: throughput / evenReplicas(partitions, from), fruitless: 0 };
}
