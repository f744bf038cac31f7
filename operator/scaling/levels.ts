/**
 * The replica counts worth having. A partition is read by one replica, so the replica with the most partitions
 * sets the pace: n replicas of P partitions do the work of P / ceil(P / n) evenly loaded ones, and every n between
 * two values of ceil(P / k) costs more than the lower one without doing more.
 */

/** L(P) = { ceil(P / k) : k = 1..P }, ascending: 24 gives 1, 2, 3, 4, 5, 6, 8, 12, 24. */
export function partitionLevels(partitions: number): number[] {
  const levels: number[] = [];
  for (let share = partitions; share >= 1; share--) {
    const level = Math.ceil(partitions / share);
    if (level !== levels.at(-1)) levels.push(level);
  }
  return levels;
}

/**
 * Replica counts to choose from, ascending: the lowest allowed, then the levels up to the highest allowed.
 * Never empty and never 0: whether to sleep is decided apart.
 */
export function candidateReplicas(partitions: number, min: number, max: number): number[] {
  const lowest = Math.max(1, min);
  return [lowest, ...partitionLevels(partitions).filter((level) => level > lowest && level <= max)];
}

/** The next count above that does more; undefined: there is none. */
export const nextLevel = (partitions: number, replicas: number): number | undefined =>
  partitionLevels(partitions).find((level) => level > replicas);

/** Evenly loaded replicas that `replicas` replicas are worth: P / ceil(P / n). */
export function evenReplicas(partitions: number, replicas: number): number {
  if (replicas <= 0 || partitions <= 0) return 0;
  return partitions / Math.ceil(partitions / replicas);
}

/**
 * The same for uneven partitions: 1 / the share of the fullest replica, when partition i goes to replica i mod n as
 * Kafka's round-robin assignor deals them out.
 */
export function effectiveReplicas(
  partitions: number,
  replicas: number,
  shares: readonly number[] | undefined,
): number {
  if (shares === undefined || replicas <= 0) return evenReplicas(partitions, replicas);
  const used = Math.min(replicas, partitions);
  const loads = Array.from({ length: used }, () => 0);
  shares.forEach((share, index) => (loads[index % used] = (loads[index % used] ?? 0) + share));
  return 1 / Math.max(...loads);
}
