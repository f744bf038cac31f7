import { candidateReplicas } from '../levels.ts';
import { SETTINGS } from '../settings.ts';
import type { Knowledge } from '../situation.ts';
import type { ScalerSpec } from '../types.ts';
import { number, seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';

/**
 * A sleeping stage wakes for the first event, its own or anywhere upstream, so that a chain wakes all at once; and
 * straight to what is needed if its capacity is known. If it is not, to as many as have something to do at once: one
 * for each partition in which records queue, at most four.
 */
export const wake: Rule = (situation) => {
  const { replicas, known, activeAt, at, spec } = situation;
  if (replicas.desired > 0 || known === undefined) return undefined;
  if (activeAt < at) return hold(situation, 'Steady', 'asleep: nothing is waiting and nothing arrives');
  const need = Math.max(1, known.sized?.need.replicas ?? firstReplicas(known, spec));
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

function firstReplicas({ look }: Knowledge, { minReplicas, maxReplicas }: ScalerSpec): number {
  const queues = look.lags.filter((lag) => lag > 1).length;
  const most = Math.min(SETTINGS.firstReplicas, queues, maxReplicas);
  return candidateReplicas(look.lags.length, minReplicas, most).at(-1) ?? 1;
}

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
