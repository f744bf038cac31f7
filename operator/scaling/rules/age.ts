import { candidateReplicas } from '../levels.ts';
import { highestAllowed } from '../sizing.ts';
import { count, seconds } from '../words.ts';
import type { Rule } from './rule.ts';
import { stretchToJudge } from './stretch.ts';

/** Share of the objective that events may have waited before the estimates are no longer believed. */
const OLD_SHARE = 0.85;
/** Objectives within which a backlog should be gone. */
const PATIENCE = 3;

/**
 * The net below the other rules: events grow old although by all estimates they should not, such as when the
 * capacity is not known, or partitions are dealt out unevenly. When they are old and hardly become fewer in a stretch
 * in which nothing stood in the way, one level more is tried, which is then judged like any scale-up.
 */
export const oldEvents: Rule = (situation) => {
  const { known, memory, spec, replicas, at } = situation;
  const stretch = stretchToJudge(situation);
  if (known?.age === undefined || stretch === undefined || memory.operation.underway !== undefined)
    return undefined;
  if (known.age < OLD_SHARE * spec.maxAgeSeconds || memory.bottleneck.trial !== undefined) return undefined;
  if (known.troubled.hot.length + known.troubled.poisoned.length > 0) return undefined;
  const begin = memory.samples.findLast(([seen]) => seen <= stretch.since);
  if (begin === undefined) return undefined;
  const settledPerSecond = (begin[1] - begin[2] - known.look.lag) / (at - stretch.since);
  if (settledPerSecond * PATIENCE * spec.maxAgeSeconds > known.look.lag) return undefined;
  const candidates = candidateReplicas(
    known.look.partitions.length,
    spec.minReplicas,
    highestAllowed(spec, memory),
  );
  const more = candidates.find((candidate) => candidate > replicas.desired);
  if (more === undefined) return undefined;
  return {
    replicas: more,
    reason: 'BacklogTooOld',
    message: `events have waited for ${seconds(known.age)}, and with ${count(replicas.desired, 'replica')} they hardly wait less`,
  };
};
