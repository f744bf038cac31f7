import type { CommittedOffset, PartitionOffsets } from '../../broker/port.ts';
import type { ReplicaLoad } from '../../runtime/commit-metadata.ts';
import { decodeCommitMetadata } from '../../runtime/commit-metadata.ts';

/** How far a group is behind on a topic. What is not known is not a number. */
export type Lag =
  | { readonly kind: 'known'; readonly records: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A topic and a group's position in it, read at one moment (ms of a monotonic clock). */
export interface Reading {
  readonly atMs: number;
  readonly offsets: readonly PartitionOffsets[];
  readonly committed: readonly CommittedOffset[];
}

/**
 * Records that the group has still to commit. Unknown as soon as one partition is: where the group has never
 * committed although there are records, or stands beyond the end, as after the loss of a broker's disk.
 */
export function lagOf({ offsets, committed }: Reading): Lag {
  let records = 0n;
  const uncommitted: number[] = [];
  const beyond: number[] = [];
  for (const { partition, low, high } of offsets) {
    const position = committed.find((commit) => commit.partition === partition)?.offset;
    if (position === undefined) {
      if (high > low) uncommitted.push(partition);
    } else if (position > high) beyond.push(partition);
    else records += high - (position > low ? position : low);
  }
  const reasons = [
    uncommitted.length > 0 ? `nothing was ever committed on partition ${uncommitted.join(', ')}` : '',
    beyond.length > 0 ? `the commit lies beyond the end of partition ${beyond.join(', ')}` : '',
  ].filter((reason) => reason !== '');
  if (offsets.length === 0) reasons.push('the topic has no partitions');
  return reasons.length === 0
    ? { kind: 'known', records: Number(records) }
    : { kind: 'unknown', reason: reasons.join('; ') };
}

export interface Rates {
  /** Records per second that were written to the topic, and that the group has committed. */
  readonly inPerSecond: number;
  readonly outPerSecond: number;
}

/** What has moved between two readings; undefined when something has moved backwards. */
export function ratesOf(first: Reading, second: Reading): Rates | undefined {
  const seconds = (second.atMs - first.atMs) / 1_000;
  const written = sum(second.offsets.map(({ high }) => high)) - sum(first.offsets.map(({ high }) => high));
  const done =
    sum(second.committed.map(({ offset }) => offset)) - sum(first.committed.map(({ offset }) => offset));
  if (seconds <= 0 || written < 0n || done < 0n) return undefined;
  return { inPerSecond: Number(written) / seconds, outPerSecond: Number(done) / seconds };
}

const sum = (offsets: readonly (bigint | undefined)[]): bigint =>
  offsets.reduce<bigint>((total, offset) => total + (offset ?? 0n), 0n);

/** What a replica has said of itself with its commits. */
export interface ReplicaReport {
  readonly replica: string;
  /** Partitions whose last commit is its own. */
  readonly partitions: number;
  readonly inFlight: number;
  /** Between the readings. Undefined: it has committed nothing new in that time. */
  readonly busy: number | undefined;
  readonly donePerSecond: number | undefined;
}

/**
 * Replicas by the metadata of their commits (docs/commit-metadata.md). A replica that has gone is listed for as
 * long as one of its commits is the last of a partition.
 */
export function replicasOf(first: readonly Reading[], second: readonly Reading[]): ReplicaReport[] {
  const before = newestLoads(first);
  const seconds = ((second[0]?.atMs ?? 0) - (first[0]?.atMs ?? 0)) / 1_000;
  return [...newestLoads(second)]
    .map(([replica, { load, partitions }]) => {
      const earlier = before.get(replica)?.load;
      const moved = earlier && seconds > 0 && load.n > earlier.n;
      return {
        replica,
        partitions,
        inFlight: load.f,
        busy: moved ? Math.min(1, (load.b - earlier.b) / seconds) : undefined,
        donePerSecond: moved ? (load.n - earlier.n) / seconds : undefined,
      };
    })
    .toSorted((a, b) => b.partitions - a.partitions || a.replica.localeCompare(b.replica));
}

interface Newest {
  readonly load: ReplicaLoad;
  readonly partitions: number;
}

/** Counters only grow, so of a replica's commits the one with the most messages is the newest. */
function newestLoads(readings: readonly Reading[]): Map<string, Newest> {
  const loads = new Map<string, Newest>();
  for (const { metadata } of readings.flatMap((reading) => reading.committed)) {
    const load = metadata ? decodeCommitMetadata(metadata) : undefined;
    if (!load) continue;
    const known = loads.get(load.r);
    loads.set(load.r, {
      load: known && known.load.n > load.n ? known.load : load,
      partitions: (known?.partitions ?? 0) + 1,
    });
  }
  return loads;
}
