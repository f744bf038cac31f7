import { number, seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/**
 * A sleeping stage wakes for the first event, its own or anywhere upstream, so that a chain wakes all at once; and
 * straight to what is needed if its capacity is known.
 */
export const wake: Rule = (situation) => {
  const { replicas, known, activeAt, at } = situation;
  if (replicas.desired > 0 || known === undefined) return undefined;
  if (activeAt < at) return hold(situation, 'Steady', 'asleep: nothing is waiting and nothing arrives');
  const need = Math.max(1, known.sized?.need.replicas ?? 1);
  const { lag } = known.look;
  if (lag === 0) {
    return { replicas: need, reason: 'WokenByUpstream', message: 'events are on their way from upstream' };
  }
  return {
    replicas: need,
    reason: 'WokenByEvents',
    message: `${number(lag)} records wait for a sleeping stage`,
  };
};

/** Nothing has happened for so long, here and upstream, that the stage may sleep. */
export const idle: Rule = ({ spec, activeAt, knownSince, at, replicas }) => {
  const quiet = at - Math.max(activeAt, knownSince);
  if (spec.minReplicas > 0 || replicas.desired === 0 || quiet < spec.idleSeconds) return undefined;
  return {
    replicas: 0,
    reason: 'Idle',
    message: `nothing has arrived or waited for ${seconds(quiet)}, here or upstream`,
  };
};
