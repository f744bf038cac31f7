import { evenReplicas } from '../levels.ts';
import { lastNeedAbove } from '../need-history.ts';
import { rebalanceSeconds } from '../rebalances.ts';
import type { Situation } from '../situation.ts';
import { number, seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';
import { arithmetic } from './up.ts';

/**
 * Fewer replicas, when fewer have been enough for long. How long is a matter of price: a scale-down, and the
 * scale-up that may follow, stop the group twice, so the replica-seconds saved while waiting must outweigh that.
 */
export const fewerReplicas: Rule = (situation) => {
  const { known, replicas } = situation;
  if (known?.demand === undefined || known.need === undefined) return undefined;
  if (known.need.replicas >= replicas.desired) return undefined;
  if (situation.memory.operation.underway !== undefined) {
    return hold(situation, 'ReplicasStarting', 'a change of the replicas is under way');
  }
  if (known.backlog > known.demand.plannedPerSecond) {
    return hold(situation, 'DrainsInTime', `${number(known.backlog)} records are still being worked off`);
  }
  const lower = lowestLongEnough(situation);
  if (lower === undefined) {
    return hold(situation, 'WindowNotFull', `${known.need.replicas} would do, but not for long enough yet`);
  }
  return {
    replicas: lower.replicas,
    reason: 'LoadBelowCapacity',
    message: `${arithmetic(situation)}; no more than ${lower.replicas} were needed for ${seconds(lower.forSeconds)}`,
  };
};

function lowestLongEnough(situation: Situation) {
  const { memory, replicas, at } = situation;
  const needed = memory.needs.map(([, need]) => need).toSorted((a, b) => a - b);
  for (const lower of needed.filter((need) => need < replicas.desired)) {
    const since = Math.max(
      lastNeedAbove(memory.needs, lower) ?? memory.knownSince,
      memory.operation.lastUpAt ?? 0,
    );
    if (at - since >= waitFor(situation, lower)) return { replicas: lower, forSeconds: at - since };
  }
  return undefined;
}

/** Seconds for which `lower` must have been enough: window, or price x pause x (n + n') / (n - n'). */
function waitFor({ profile, memory, replicas, known }: Situation, lower: number): number {
  const partitions = known?.look.partitions.length ?? 0;
  const now = Math.max(replicas.desired, evenReplicas(partitions, replicas.desired));
  const pause = rebalanceSeconds(memory.rebalances);
  return Math.max(profile.window, (profile.price * pause * (now + lower)) / Math.max(1, now - lower));
}
