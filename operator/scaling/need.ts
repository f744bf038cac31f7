import type { Worth } from './assignment.ts';
import { effectiveReplicas } from './levels.ts';
import { SETTINGS } from './settings.ts';
import type { Alternative } from './types.ts';
import { number, seconds } from './words.ts';

/** Records that wait upstream, and the rate at which everything comes while they are worked off there. */
export interface Surge {
  readonly records: number;
  readonly perSecond: number;
}

export const NO_SURGE: Surge = { records: 0, perSecond: 0 };

/** What a replica count is tested against. Rates in records per second. */
export interface Demand {
  readonly partitions: number;
  /** Share of each partition, where they are uneven. */
  readonly shares: readonly number[] | undefined;
  /** What the present replicas are worth, as partitions are dealt out; undefined: as round robin would. */
  readonly present: Worth | undefined;
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
  /** What a backlog upstream will send beyond what comes anyway. */
  readonly surge: Surge;
  /** How old waiting events may be, and for how long they may be older. */
  readonly deadlines: readonly Deadline[];
}

/** Waiting events must be no older than `ageSeconds` within so many seconds. */
export interface Deadline {
  readonly ageSeconds: number;
  readonly withinSeconds: number;
  /** Records per second that come meanwhile. */
  readonly arrivingPerSecond: number;
  /** Only if the oldest event would be older than this. */
  readonly ifOlderThan: number;
}

/**
 * Does this many replicas do?
 *
 *   capacity  C = effective replicas x capacity per replica (1 / share of the fullest replica of them)
 *   steady    planned <= utilisation x C
 *   surge     R records from upstream, at s per second with the rest, add R (s - C) / (s - planned) to the backlog
 *   recovery  a backlog B is B / C seconds old at its head; it is down to a seconds after (B - a C) / (r C - arriving),
 *             where r = 0.98 leaves out what is lost between handlers, to fetch and to commit
 *
 * Source: the target of Flink's autoscaler, lag / catch-up time + rate / utilisation, written as a test so that only
 * counts which divide the partitions well are asked; Daedalus takes the smallest scale-out that recovers in time.
 */
export function testReplicas(replicas: number, demand: Demand, backlog: number): string | undefined {
  return tooFull(replicas, demand) ?? tooSlow(replicas, demand, backlog);
}

/** The rest of the test: what waits, and how soon it must be gone. */
export function tooSlow(replicas: number, demand: Demand, backlog: number): string | undefined {
  const capacity = settledBy(replicas, demand);
  const waiting = backlog + pileUp(demand, capacity);
  const missed = missedDeadline(capacity, demand, waiting);
  if (missed === undefined) return undefined;
  const recovery = recoverySeconds(capacity, waiting, missed);
  return `${seconds(recovery)} to work off ${number(waiting)} records, ${seconds(missed.withinSeconds)} allowed`;
}

/** The same, without words. */
function does(replicas: number, demand: Demand, backlog: number): boolean {
  const capacity = settledBy(replicas, demand);
  return (
    demand.plannedPerSecond <= demand.utilization * capacity &&
    missedDeadline(capacity, demand, backlog + pileUp(demand, capacity)) === undefined
  );
}

/** The steady part of the test: what comes all the time. */
export function tooFull(replicas: number, demand: Demand): string | undefined {
  const capacity = settledBy(replicas, demand);
  const planned = demand.plannedPerSecond;
  if (planned <= demand.utilization * capacity) return undefined;
  return `${number(planned)}/s would be ${number((100 * planned) / capacity)} % of ${number(capacity)}/s`;
}

/** Records per second. */
export function settledBy(
  replicas: number,
  {
    partitions,
    shares,
    present,
    capacityPerReplica,
  }: Pick<Demand, 'partitions' | 'shares' | 'present' | 'capacityPerReplica'>,
): number {
  const effective =
    present?.replicas === replicas ? present.effective : effectiveReplicas(partitions, replicas, shares);
  return effective * capacityPerReplica;
}

const missedDeadline = (
  capacity: number,
  { deadlines, plannedPerSecond, partitions }: Demand,
  backlog: number,
): Deadline | undefined => {
  const oldest = (backlog / plannedPerSecond) * oldestShare(backlog, partitions);
  return deadlines.find(
    (deadline) =>
      oldest >= deadline.ifOlderThan && recoverySeconds(capacity, backlog, deadline) > deadline.withinSeconds,
  );
};

/**
 * How much older the oldest event is than it would be if every partition had the same backlog: the fullest of P
 * queues of q = B / P records each, filled by chance, has about q + sqrt(2 q ln P).
 *
 * Source: the bound on the expected maximum of P normal deviates.
 */
function oldestShare(backlog: number, partitions: number): number {
  if (partitions <= 0 || backlog <= 0) return 1;
  return 1 + Math.sqrt((2 * Math.log(partitions) * partitions) / backlog);
}

function recoverySeconds(
  capacity: number,
  backlog: number,
  { ageSeconds, arrivingPerSecond }: Deadline,
): number {
  const harmful = backlog - ageSeconds * capacity;
  if (harmful <= 0) return 0;
  const spare = SETTINGS.reliableShare * capacity - arrivingPerSecond;
  return spare <= 0 ? Number.POSITIVE_INFINITY : harmful / spare;
}

/** What of a surge is still waiting when its last record has come. */
function pileUp({ surge: { records, perSecond }, plannedPerSecond }: Demand, capacity: number): number {
  if (perSecond <= Math.max(capacity, plannedPerSecond)) return 0;
  return (records * (perSecond - capacity)) / (perSecond - plannedPerSecond);
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

/** `replicas` of `needOf`, for whoever does not ask why. */
export function leastThatDoes(candidates: readonly number[], demand: Demand, current: number): number {
  const { backlogIfKept, backlogIfChanged } = demand;
  const least = candidates.find((replicas) =>
    does(replicas, demand, replicas === current ? backlogIfKept : backlogIfChanged),
  );
  return least ?? candidates.at(-1) ?? current;
}
