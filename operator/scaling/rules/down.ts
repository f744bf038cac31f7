import { candidateReplicas, evenReplicas } from '../levels.ts';
import { lastNeedAbove, type Needs } from '../need-history.ts';
import { rebalanceSeconds } from '../rebalances.ts';
import { regretFactor } from '../regret.ts';
import { SETTINGS } from '../settings.ts';
import type { Situation } from '../situation.ts';
import { count, number, seconds } from '../words.ts';
import { hold, type Rule } from './rule.ts';
import { arithmetic } from './up.ts';

/**
 * Fewer replicas, when fewer have been enough for long: never fewer than were needed at any time since. How long is
 * a matter of price: a scale-down, and the scale-up that may follow, stop the group twice, so the replica-seconds
 * that were not needed while waiting must outweigh that. Every scale-down that was regretted doubles the time for
 * which the load must have been low; not the time since a backlog was worked off, which says nothing of the load.
 *
 * Source: the window's maximum is the stabilisation of the HPA, Flink's delayed scale-down and Knative; waiting
 * until it has cost as much as the change is the ski-rental rule.
 */
export const fewerReplicas: Rule = (situation) => {
  const { known, replicas } = situation;
  if (known?.sized === undefined || known.sized.needs.whole >= replicas.desired) return undefined;
  const obstacle = obstacleTo(situation);
  if (obstacle !== undefined) return obstacle;
  const lower = lowestLongEnough(situation);
  if (lower === undefined) {
    const { whole } = known.sized.needs;
    return hold(situation, 'WindowNotFull', `${whole} would do, but not for long enough yet`);
  }
  const forSeconds = seconds(enoughFor(situation, 'load', lower));
  return {
    replicas: lower,
    reason: 'LoadBelowCapacity',
    message: `${arithmetic(situation)}; no more than ${lower} were needed for ${forSeconds}`,
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

function lowestLongEnough(situation: Situation): number | undefined {
  const { memory, replicas, spec, known } = situation;
  const least = known?.sized?.needs.whole ?? replicas.desired;
  const partitions = memory.offsets?.ends.length ?? 0;
  return candidateReplicas(partitions, spec.minReplicas, replicas.desired - 1).find(
    (lower) => lower >= least && lower < replicas.desired && isLongEnough(situation, lower),
  );
}

/** With room to spare, for as long as the change costs; without, for as long as it takes to see that none is needed. */
function isLongEnough(situation: Situation, lower: number): boolean {
  const asked = waitsFor(situation, lower);
  if (enoughFor(situation, 'whole', lower) < asked.whole) return false;
  return (
    enoughFor(situation, 'comfort', lower) >= asked.comfort ||
    enoughFor(situation, 'load', lower) >= asked.load
  );
}

/** Seconds for which `lower` replicas have been enough. */
function enoughFor({ memory, at }: Situation, what: keyof Needs, lower: number): number {
  const { knownSince, needs, operation } = memory;
  const { lastUpAt = knownSince } = operation;
  return at - Math.max(lastNeedAbove(needs[what], lower) ?? knownSince, knownSince, lastUpAt);
}

/**
 * Seconds for which `lower` replicas must have been enough:
 *
 *   for what comes and waits:     w = max(window, price x pause x (n + n') / (n - n'))
 *   for what comes, with room:    w x regret
 *   for what comes, without room: max(300 s, 2 w) x regret
 */
export function waitsFor({ profile, memory, replicas, at }: Situation, lower: number): Needs {
  const partitions = memory.offsets?.ends.length ?? 0;
  const now = Math.max(evenReplicas(partitions, replicas.desired), lower + 1);
  const price = (profile.price * rebalanceSeconds(memory.rebalances) * (now + lower)) / (now - lower);
  const whole = Math.max(profile.window, price);
  const regret = regretFactor(memory.regret, at);
  return { whole, comfort: whole * regret, load: Math.max(SETTINGS.fullWindow, 2 * whole) * regret };
}

/** For `explain`: how long a count has been enough, and how long it must have been. */
export function patience(situation: Situation, lower: number): string {
  const asked = waitsFor(situation, lower);
  const [load, comfort] = [enoughFor(situation, 'load', lower), enoughFor(situation, 'comfort', lower)];
  return (
    `would do for ${seconds(load)} now, with room to spare for ${seconds(comfort)}; ` +
    `${seconds(asked.load)} or ${seconds(asked.comfort)} asked before ${count(lower, 'replica')}`
  );
}
