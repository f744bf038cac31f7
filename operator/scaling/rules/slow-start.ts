import { lagAt } from '../arrivals.ts';
import { candidateReplicas } from '../levels.ts';
import { regretFactor } from '../regret.ts';
import { SETTINGS } from '../settings.ts';
import type { Situation } from '../situation.ts';
import { number, seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';
import { stretchToJudge } from './stretch.ts';

/**
 * While it is not known what a replica can do: at most twice as many at a time, or four, and only while lag grows
 * although all that were asked for are there. Their first saturated stretch then tells.
 *
 * Source: the default scale-up policy of the HPA, 100 % or four pods.
 */
export const slowStart: Rule = (situation) => {
  const { known, replicas, memory, spec } = situation;
  if (known === undefined || known.capacity !== undefined || !growing(situation)) return undefined;
  if (memory.operation.underway !== undefined) {
    return hold(situation, 'ReplicasStarting', 'lag grows, and replicas are starting');
  }
  const candidates = candidateReplicas(known.look.partitions.length, spec.minReplicas, spec.maxReplicas);
  const more = candidates.findLast(
    (candidate) =>
      candidate > replicas.desired && candidate <= Math.max(SETTINGS.firstReplicas, 2 * replicas.desired),
  );
  if (more === undefined) return undefined;
  return {
    replicas: more,
    reason: 'CapacityUnknown',
    message: `${number(known.look.lag)} records wait and become more; what a replica can do is not known yet, so no more than these at once`,
  };
};

/**
 * Lag has grown since the begin of the last stretch, by more than chance, and it did not show what a replica can. Chance:
 * three deviations of a Poisson count, which is as great as what was counted where the rate before says less. So a
 * handful of records, the first that a stage gets, is no growth yet.
 */
function growing(situation: Situation): boolean {
  const { memory, known, at } = situation;
  const stretch = stretchToJudge(situation);
  if (stretch === undefined || known === undefined) return false;
  const before = lagAt(memory.samples, stretch.since);
  if (before === undefined) return false;
  const growth = known.look.lag - before;
  const counted = Math.max(growth, known.arrival.perSecond * (at - stretch.since));
  return growth > 3 * Math.sqrt(counted) && growth > known.arrival.perSecond / 2;
}

/**
 * While it is not known what a replica can do, and nothing waits: one step fewer, after twice the usual time. The
 * next lower count either does, or shows what a replica can.
 */
export const tryFewer: Rule = (situation) => {
  const { known, replicas, memory, spec, profile, at } = situation;
  if (known === undefined || known.capacity !== undefined || memory.operation.underway !== undefined)
    return undefined;
  const candidates = candidateReplicas(known.look.partitions.length, spec.minReplicas, spec.maxReplicas);
  const fewer = candidates.findLast((candidate) => candidate < replicas.desired);
  if (fewer === undefined) return undefined;
  const { lastUpAt = memory.knownSince, lastDownAt = memory.knownSince } = memory.operation;
  const quiet = at - Math.max(memory.knownSince, lastUpAt, lastDownAt);
  if (
    quiet < 2 * profile.window * regretFactor(memory.regret, at) ||
    known.backlog > known.arrival.perSecond
  ) {
    return hold(situation, 'CapacityUnknown', 'what a replica can do is not known yet');
  }
  return {
    replicas: fewer,
    reason: 'LoadBelowCapacity',
    message: `nothing has waited for ${seconds(quiet)}; ${fewer} replicas will do or show what a replica can`,
  };
};
