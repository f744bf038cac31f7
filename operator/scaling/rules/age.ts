import { lagAt } from '../arrivals.ts';
import { candidateReplicas } from '../levels.ts';
import { coldStartSeconds } from '../operation.ts';
import { rebalanceSeconds } from '../rebalances.ts';
import type { Situation } from '../situation.ts';
import { highestAllowed } from '../sizing.ts';
import { count, seconds } from '../words.ts';
import type { Rule } from './rule.ts';
import { stretchToJudge } from './stretch.ts';

/** Share of the objective that events may have waited before the estimates are no longer believed. */
const OLD_SHARE = 0.85;
/** Objectives within which a backlog should be gone. */
const PATIENCE = 3;
/** Over so many seconds a pace is judged where events are late already. */
const PACE_SECONDS = 8;

/**
 * The net below the other rules: events grow old although by all estimates they should not, such as when the
 * capacity is not known, or partitions are dealt out unevenly. One level more is tried, which is then judged like any
 * scale-up, when they will be late by the time it works, and what waits hardly becomes less. Not as long as events
 * are in time and do not grow older: a change makes all of them wait, so it would be what makes them late.
 */
export const oldEvents: Rule = (situation) => {
  const { known, memory, spec, replicas } = situation;
  if (known?.age === undefined || memory.operation.underway !== undefined) return undefined;
  if (known.age < OLD_SHARE * spec.maxAgeSeconds || memory.bottleneck.trial !== undefined) return undefined;
  if (known.troubled.hot.length + known.troubled.poisoned.length > 0) return undefined;
  const since = judgedSince(situation, known.age);
  if (since === undefined || isInTime(situation, known.age, since)) return undefined;
  if (goesDown(situation, known.look.lag, since)) return undefined;
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

/** Since when nothing has stood in the way: over a stretch, or over the last seconds when there is no time for one. */
function judgedSince(situation: Situation, age: number): number | undefined {
  const { memory, spec, at } = situation;
  const { quietSince = at } = memory.saturation;
  const isLate = age >= spec.maxAgeSeconds && at - quietSince >= PACE_SECONDS;
  return isLate ? at - PACE_SECONDS : stretchToJudge(situation)?.since;
}

/** At the pace at which events have become older they are not late when replicas that are ordered now would work. */
function isInTime({ memory, spec, at }: Situation, age: number, since: number): boolean {
  const then = memory.ages.findLast(([seen]) => seen <= since);
  const pace = then === undefined ? 0 : Math.max(0, (age - then[1]) / (at - then[0]));
  const lead = coldStartSeconds(memory.operation) + rebalanceSeconds(memory.rebalances);
  return age + pace * lead < spec.maxAgeSeconds;
}

/** What waits becomes less, fast enough to be gone before long. */
function goesDown({ memory, spec, at }: Situation, lag: number, since: number): boolean {
  const before = lagAt(memory.samples, since);
  if (before === undefined) return true;
  const settledPerSecond = (before - lag) / (at - since);
  return settledPerSecond * PATIENCE * spec.maxAgeSeconds > lag;
}
