import type { SaturationSample } from '../saturation.ts';
import type { Situation } from '../situation.ts';

/**
 * The stretch that more replicas may be asked for by: one that has just ended. Where more were decided and not set, as
 * in a dry run, it goes on to count until the next one has ended: what would be done is told all the time, and not only
 * at the look at which it would be.
 */
export function stretchToJudge({ memory, replicas, at }: Situation): SaturationSample | undefined {
  const { last, since } = memory.saturation;
  if (last === undefined || last.at === at) return last;
  const isUndone = memory.operation.decided > replicas.desired;
  return isUndone && since === last.at ? last : undefined;
}
