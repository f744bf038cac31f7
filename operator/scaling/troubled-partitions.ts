import { type Commits, commitSeconds } from './commits.ts';
import type { Look } from './look.ts';

/** Partitions that no number of replicas helps. */
export interface TroubledPartitions {
  /** Indexes of those that get more than one replica can settle. */
  readonly hot: readonly number[];
  /** Indexes of those that stand still while others move. */
  readonly poisoned: readonly number[];
}

/** Share of a replica's capacity above which a partition is hot. */
const HOT_SHARE = 0.95;
const STILL_SECONDS = 30;
const STILL_COMMITS = 10;

/**
 * Hot: what is certainly written to the partition, two deviations of chance below what was counted, is more than one
 * replica settles, and it waits. Poisoned: it has work and has not moved for 30 s and ten times as long as others
 * take between commits, while others do move. When it is more than a quarter of all partitions, it is not them.
 *
 * Source: Burrow's STALL rule, read against the other partitions of the group.
 */
export function troubledPartitions(
  look: Look,
  rates: readonly number[],
  commits: Commits,
  {
    at,
    capacityPerReplica,
    seconds,
  }: { at: number; capacityPerReplica: number | undefined; seconds: number },
): TroubledPartitions {
  const still = Math.max(STILL_SECONDS, STILL_COMMITS * commitSeconds(commits));
  const stillFor = (index: number): number => at - (commits.movedAt[index] ?? at);
  const consuming = look.positions.some(
    (_, index) => (look.lags[index] ?? 0) > 0 && stillFor(index) < still / 3,
  );
  const hot: number[] = [];
  const poisoned: number[] = [];
  for (const [index, lag] of look.lags.entries()) {
    const rate = rates[index] ?? 0;
    const certain = rate - 2 * Math.sqrt(rate / Math.max(1, seconds));
    if (consuming && lag > 0 && stillFor(index) >= still) poisoned.push(index);
    else if (capacityPerReplica !== undefined && lag > rate && certain > HOT_SHARE * capacityPerReplica)
      hot.push(index);
  }
  const few = look.lags.length / 4;
  return { hot: hot.length <= few ? hot : [], poisoned: poisoned.length <= few ? poisoned : [] };
}
