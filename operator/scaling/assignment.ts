import type { Look } from './look.ts';

/** What some replicas are worth. */
export interface Worth {
  readonly replicas: number;
  /** Evenly loaded replicas that they are worth. */
  readonly effective: number;
}

/**
 * What the members of a group are worth as partitions are really dealt out to them: 1 / the share of the fullest
 * one. Other assignors than round robin, such as Kafka's range over several topics, may give one member more.
 * Undefined when it is not known who has what, or not every partition is somebody's; during a rebalance Kafka tells who
 * had what before it, which is another number of members.
 *
 * `shares`: of the partitions, where they are uneven.
 */
export function worthOf(
  { group: { members }, partitions, rebalancing }: Pick<Look, 'group' | 'partitions' | 'rebalancing'>,
  shares: readonly number[] | undefined,
): Worth | undefined {
  if (rebalancing) return undefined;
  const shareOf = new Map(
    partitions.map(({ topic, partition }, index) => [
      `${topic}/${partition}`,
      shares?.[index] ?? 1 / partitions.length,
    ]),
  );
  let fullest = 0;
  let dealt = 0;
  for (const { assigned } of members) {
    if (assigned === undefined) return undefined;
    let load = 0;
    for (const { topic, partition } of assigned) load += shareOf.get(`${topic}/${partition}`) ?? 0;
    fullest = Math.max(fullest, load);
    dealt += assigned.length;
  }
  if (dealt !== partitions.length || fullest <= 0) return undefined;
  return { replicas: members.length, effective: 1 / fullest };
}
