import type { GroupReading, KnownLag, PartitionReading, ScalerSpec } from './types.ts';

/** A lag reading with its partitions in order, and every offset as what it means for this group. */
export interface Look {
  /** Names the partitions: windows are only good for the same ones. */
  readonly topology: string;
  readonly group: GroupReading;
  readonly partitions: readonly PartitionReading[];
  readonly ends: readonly number[];
  /** Where each partition's next record will be taken from. */
  readonly positions: readonly number[];
  /** As committed; -1: never. */
  readonly committed: readonly number[];
  readonly lags: readonly number[];
  /** Sums over the partitions. */
  readonly written: number;
  readonly settled: number;
  readonly lag: number;
  readonly rebalancing: boolean;
  readonly members: number;
  /** Differs when other members are in the group. */
  readonly membership: number;
}

/** What is remembered of the look before. */
export interface LastOffsets {
  readonly topology: string;
  readonly ends: readonly number[];
  readonly committed: readonly number[];
  readonly positions: readonly number[];
}

/** Offsets only grow; when they do not, the topic is another one and nothing can be concluded from this look. */
export interface Backwards {
  readonly backwards: string;
}

/**
 * Reads a lag reading against the one before.
 *
 * A position is max(committed, begin), since what retention has deleted is not read; without a commit, or with one
 * that was made on a topic of that name which is no more, it is where `offsetReset` begins. The two reads of a look
 * are not atomic, so a commit somewhat beyond the end is no lag, not an error.
 */
export function readLook(
  reading: KnownLag,
  offsetReset: ScalerSpec['offsetReset'],
  last: LastOffsets | undefined,
): Look | Backwards {
  const partitions = inOrder(reading.partitions);
  const topology = topologyOf(partitions);
  const before = last?.topology === topology ? last : undefined;
  const backwards = partitions.find(({ end }, index) => end < (before?.ends[index] ?? 0));
  const positions = partitions.map((partition, index) =>
    positionOf(partition, offsetReset, before?.committed[index]),
  );
  const lags = partitions.map(({ end }, index) => end - (positions[index] ?? end));
  const look: Look = {
    topology,
    group: reading.group,
    partitions,
    ends: partitions.map(({ end }) => end),
    positions,
    committed: partitions.map(({ committed }) => committed ?? -1),
    lags,
    written: sum(partitions.map(({ end }) => end)),
    settled: sum(positions),
    lag: sum(lags),
    rebalancing: !['Stable', 'Empty', 'Dead'].includes(reading.group.state),
    members: reading.group.members.length,
    membership: membershipOf(reading.group.members.map(({ id }) => id)),
  };
  if (backwards === undefined) return look;
  const { topic, partition, end } = backwards;
  return { backwards: `${topic}/${partition} ends at ${end}, less than before` };
}

export const sum = (numbers: readonly number[]): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};

function positionOf(
  { begin, end, committed }: PartitionReading,
  offsetReset: ScalerSpec['offsetReset'],
  committedBefore: number | undefined,
): number {
  const stale =
    committed !== undefined && committed > end && committedBefore !== undefined && committedBefore > end;
  if (committed === undefined || stale) return offsetReset === 'earliest' ? Math.min(begin, end) : end;
  return Math.min(end, Math.max(committed, begin));
}

function inOrder(partitions: readonly PartitionReading[]): readonly PartitionReading[] {
  const ordered = partitions.every((partition, index) => {
    const next = partitions[index + 1];
    return next === undefined || compare(partition, next) <= 0;
  });
  return ordered ? partitions : partitions.toSorted(compare);
}

const compare = (a: PartitionReading, b: PartitionReading): number =>
  a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1;

/** e.g. "orders:12 payments:4". */
function topologyOf(partitions: readonly PartitionReading[]): string {
  const counts = new Map<string, number>();
  for (const { topic } of partitions) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return [...counts].map(([topic, count]) => `${topic}:${count}`).join(' ');
}

/** FNV-1a of each id, combined so that their order does not matter. */
function membershipOf(ids: readonly string[]): number {
  let combined = ids.length;
  for (const id of ids) {
    let hash = 0x811c9dc5;
    for (let index = 0; index < id.length; index++) {
      hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
    }
    combined = (combined + hash) >>> 0;
  }
  return combined;
}
