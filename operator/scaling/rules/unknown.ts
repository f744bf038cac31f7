import { seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/** Without knowledge replicas are held, and after a while raised to the fallback: never lowered. */
export const unknownLag: Rule = (situation) => {
  const { unknown, spec, replicas, memory, at } = situation;
  if (unknown === undefined) return undefined;
  const since = at - (memory.unknownSince ?? at);
  const { fallback } = spec;
  const fallbackReplicas = Math.min(fallback?.replicas ?? 0, spec.maxReplicas);
  if (fallback !== undefined && since >= fallback.afterSeconds && fallbackReplicas > replicas.desired) {
    return {
      replicas: fallbackReplicas,
      reason: 'Fallback',
      message: `lag has been unknown for ${seconds(since)} (${unknown.message}): fallback of ${fallbackReplicas} replicas`,
    };
  }
  return hold(situation, 'LagUnknown', `lag is unknown, so replicas are held: ${unknown.message}`);
};
