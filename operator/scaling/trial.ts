import { type Bottleneck, NO_BOTTLENECK, SATURATED_SHARE, type Trial } from './bottleneck.ts';
import { capacityOf } from './capacity.ts';
import { evenReplicas } from './levels.ts';
import type { ScalerState } from './state.ts';

/** After this long without a saturated stretch there is nothing to judge. */
const TRIAL_SECONDS = 180;
/** A throughput measured so lately is that from before the scale-up. */
const FRESH_SECONDS = 20;

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

/** Undefined: nothing is known that its effect could be compared with. */
function trialFrom(before: ScalerState, at: number, partitions: number): Omit<Trial, 'to'> | undefined {
  const perReplica = capacityOf(before, undefined)?.perReplica;
  if (perReplica === undefined) return undefined;
  const from = before.operation.desired;
  const { last } = before.saturation;
  const measured = last !== undefined && at - last.at < FRESH_SECONDS && last.share >= SATURATED_SHARE;
  const throughput = measured ? last.throughput : perReplica * evenReplicas(partitions, from);
  return { at, from, throughput, perReplica, fruitless: 0 };
}
