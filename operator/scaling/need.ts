import { effectiveReplicas } from './levels.ts';
import type { Alternative } from './types.ts';
import { number, seconds } from './words.ts';

/** What a replica count is tested against. Rates in records per second. */
export interface Demand {
  readonly partitions: number;
  /** Share of each partition, where they are uneven. */
  readonly shares: readonly number[] | undefined;
  /** Arrivals to be provided for. */
  readonly plannedPerSecond: number;
  /** Records one replica settles per second. */
  readonly capacityPerReplica: number;
  /** Highest utilisation. */
  readonly utilization: number;
  /** Records waiting when the present replicas all work, beyond what is always under way. */
  readonly backlogIfKept: number;
  /** The same for another count: what piles up until new replicas come, and while the group rebalances. */
  readonly backlogIfChanged: number;
  /** Age of waiting events that does no harm. */
  readonly harmlessSeconds: number;
  /** Time within which a backlog must have become harmless. */
  readonly recoverySeconds: number;
}

/**
 * Does this many replicas do?
 *
 *   capacity  C = effective replicas x capacity per replica
 *   steady    planned <= utilisation x C
 *   recovery  a backlog B is B / C seconds old at its head; it is down to h seconds after (B - h C) / (C - planned)
 *
 * Source: the target of Flink's autoscaler, lag / catch-up time + rate / utilisation, written as a test so that only
 * counts which divide the partitions well are asked; Daedalus takes the smallest scale-out that recovers in time.
 */
export function testReplicas(replicas: number, demand: Demand, backlog: number): string | undefined {
  const capacity = effectiveReplicas(demand.partitions, replicas, demand.shares) * demand.capacityPerReplica;
  const planned = demand.plannedPerSecond;
  if (planned > demand.utilization * capacity) {
    return `${number(planned)}/s would be ${number((100 * planned) / capacity)} % of ${number(capacity)}/s`;
  }
  const harmful = backlog - demand.harmlessSeconds * capacity;
  if (harmful <= 0) return undefined;
  const recovery = harmful / (capacity - planned);
  if (recovery <= demand.recoverySeconds) return undefined;
  return `${seconds(recovery)} to work off ${number(backlog)} records, ${seconds(demand.recoverySeconds)} allowed`;
}

export interface Need {
  readonly replicas: number;
  /** The highest allowed is not enough. */
  readonly limited: boolean;
  readonly alternatives: readonly Alternative[];
}

/** The smallest of the candidates that does, or the last when none does. */
export function needOf(candidates: readonly number[], demand: Demand, current: number): Need {
  const alternatives: Alternative[] = [];
  for (const replicas of candidates) {
    const backlog = replicas === current ? demand.backlogIfKept : demand.backlogIfChanged;
    const why = testReplicas(replicas, demand, backlog);
    if (why === undefined) {
      alternatives.push({ replicas, verdict: 'chosen', why: 'the least that does' });
      return { replicas, limited: false, alternatives };
    }
    alternatives.push({ replicas, verdict: 'rejected', why });
  }
  const last = candidates.at(-1) ?? current;
  return { replicas: last, limited: true, alternatives };
}
