import { evenReplicas } from '../levels.ts';
import { lastNeedAbove } from '../need-history.ts';
import { rebalanceSeconds } from '../rebalances.ts';
import { regretFactor } from '../regret.ts';
import type { Situation } from '../situation.ts';
import { count, number, seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';
import { arithmetic } from './up.ts';

/**
 * Fewer replicas, when fewer have been enough for long: never fewer than were needed at any time since. How long is
 * a matter of price: a scale-down, and the scale-up that may follow, stop the group twice, so the replica-seconds
 * that were not needed while waiting must outweigh that. Every scale-down that was regretted doubles the time.
 *
 * Source: the window's maximum is the stabilisation of the HPA, Flink's delayed scale-down and Knative; waiting
 * until it has cost as much as the change is the ski-rental rule.
 */
export const fewerReplicas: Rule = (situation) => {
  const { known, replicas } = situation;
  if (known?.sized === undefined || known.sized.lastingNeed >= replicas.desired) return undefined;
  const obstacle = obstacleTo(situation);
  if (obstacle !== undefined) return obstacle;
  const lower = lowestLongEnough(situation);
  if (lower === undefined) {
    const { lastingNeed } = known.sized;
    return hold(situation, 'WindowNotFull', `${lastingNeed} would do, but not for long enough yet`);
  }
  return {
    replicas: lower.replicas,
    reason: 'LoadBelowCapacity',
    message: `${arithmetic(situation)}; no more than ${lower.replicas} were needed for ${seconds(lower.forSeconds)}`,
  };
};

/** What must be over before replicas go: a change under way, a backlog here or on its way from upstream. */
function obstacleTo(situation: Situation) {
  const { memory, known, upstream } = situation;
  if (memory.operation.underway !== undefined) {
    return hold(situation, 'ReplicasStarting', 'a change of the replicas is under way');
  }
  const waiting = (known?.backlog ?? 0) / Math.max(1, known?.plan.ahead ?? 0);
  if (waiting > HARMLESS_SECONDS) {
    return hold(
      situation,
      'DrainsInTime',
      `${number(known?.backlog ?? 0)} records are still being worked off`,
    );
  }
  const behind = upstream.find(
    ({ known }) => (known?.backlog ?? 0) > 2 * HARMLESS_SECONDS * (known?.plan.ahead ?? 0) + 1,
  );
  if (behind === undefined) return undefined;
  const { backlog = 0 } = behind.known ?? {};
  return hold(
    situation,
    'DrainsInTime',
    `${number(backlog)} records are still on their way from ${behind.spec.name}`,
  );
}

const HARMLESS_SECONDS = 1;

function lowestLongEnough(situation: Situation) {
  const { memory, replicas, at, spec, known } = situation;
  const present = known?.sized?.lastingNeed ?? replicas.desired;
  const needed = [present, ...memory.needs.map(([, need]) => need)].toSorted((a, b) => a - b);
  for (const need of needed) {
    const lower = Math.max(need, present, spec.minReplicas);
    if (lower >= replicas.desired) continue;
    const { lastUpAt = memory.knownSince } = memory.operation;
    const since = Math.max(
      lastNeedAbove(memory.needs, lower) ?? memory.knownSince,
      memory.knownSince,
      lastUpAt,
    );
    if (at - since >= waitFor(situation, lower)) return { replicas: lower, forSeconds: at - since };
  }
  return undefined;
}

/**
 * Seconds for which `lower` replicas must have been enough:
 * max(window, price x pause x (n + n') / (n - n')), times the regret.
 */
export function waitFor({ profile, memory, replicas, at }: Situation, lower: number): number {
  const partitions = memory.offsets?.ends.length ?? 0;
  const now = Math.max(evenReplicas(partitions, replicas.desired), lower + 1);
  const price = (profile.price * rebalanceSeconds(memory.rebalances) * (now + lower)) / (now - lower);
  return Math.max(profile.window, price) * regretFactor(memory.regret, at);
}

/** For `explain`: which counts would do and for how long they have. */
export function patience(situation: Situation, lower: number): string {
  const { memory, at } = situation;
  const since = Math.max(
    lastNeedAbove(memory.needs, lower) ?? memory.knownSince,
    memory.operation.lastUpAt ?? 0,
  );
  return `would do for ${seconds(at - since)} now, ${seconds(waitFor(situation, lower))} asked before ${count(lower, 'replica')}`;
}
