import { tooFull } from '../need.ts';
import { SETTINGS } from '../settings.ts';
import { seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/**
 * A member less during a rebalance would begin it anew, and what waits meanwhile says nothing. What arrives does:
 * when it certainly is too much for those there, more may be ordered, which come when it is over, or join in it.
 */
export const rebalancing: Rule = (situation) => {
  const { since } = situation.memory.rebalances;
  if (since === undefined) return undefined;
  const duration = situation.at - since;
  if (duration > SETTINGS.rebalanceTimeout) return undefined;
  const { known, replicas } = situation;
  if (known?.sized !== undefined && tooFull(replicas.desired, known.sized.certain) !== undefined)
    return undefined;
  return hold(situation, 'Rebalancing', `the group has been rebalancing for ${seconds(duration)}`);
};
