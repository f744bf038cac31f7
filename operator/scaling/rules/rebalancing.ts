import { SETTINGS } from '../settings.ts';
import { seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/** Another member during a rebalance would begin it anew. */
export const rebalancing: Rule = (situation) => {
  const { since } = situation.memory.rebalances;
  if (since === undefined) return undefined;
  const duration = situation.at - since;
  if (duration > SETTINGS.rebalanceTimeout) return undefined;
  return hold(situation, 'Rebalancing', `the group has been rebalancing for ${seconds(duration)}`);
};
