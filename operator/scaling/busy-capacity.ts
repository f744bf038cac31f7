import type { PartitionReading } from './types.ts';

/** Counters of each replica as last seen, and what they have grown by, older growth weighing less. */
export interface BusyTime {
  readonly replicas: Readonly<Record<string, readonly [busySeconds: number, settled: number]>>;
  readonly busySeconds: number;
  readonly settled: number;
  /** Settled per busy second, when there was last enough of both to tell. */
  readonly perReplica: number | undefined;
}

export const NO_BUSY_TIME: BusyTime = { replicas: {}, busySeconds: 0, settled: 0, perReplica: undefined };

/** Seconds after which growth weighs 1/e. */
const MEMORY_SECONDS = 20;

/**
 * Takes in the load that replicas tell in their commits (docs/commit-metadata.md): the newest of each replica, since
 * every partition it commits carries all of its load. What one replica can settle when it is busy all the time is
 * settled records / busy seconds.
 *
 * Source: the true processing rate of DS2 (Kalavri et al., OSDI 2018).
 */
export function withLoads(
  before: BusyTime,
  partitions: readonly PartitionReading[],
  elapsedSeconds: number,
): BusyTime {
  const replicas: Record<string, readonly [number, number]> = {};
  for (const { load } of partitions) {
    if (load === undefined) continue;
    const seen = replicas[load.replica];
    if (seen === undefined || load.settled > seen[1])
      replicas[load.replica] = [load.busySeconds, load.settled];
  }
  const decay = Math.exp(-elapsedSeconds / MEMORY_SECONDS);
  let busySeconds = before.busySeconds * decay;
  let settled = before.settled * decay;
  for (const [replica, [busy, count]] of Object.entries(replicas)) {
    const [busyBefore, countBefore] = before.replicas[replica] ?? first(before, busy) ?? [busy, count];
    busySeconds += Math.max(0, busy - busyBefore);
    settled += Math.max(0, count - countBefore);
  }
  return { replicas, busySeconds, settled, perReplica: ratio(busySeconds, settled) ?? before.perReplica };
}

/**
 * Counters begin at zero, so the first that a replica tells are growth too. They hold its slow first moments, and are
 * taken only as long as nothing better is known: a burst may be over before the second ones come.
 */
const first = ({ perReplica }: BusyTime, busySeconds: number): readonly [number, number] | undefined =>
  perReplica === undefined && busySeconds < MEMORY_SECONDS ? [0, 0] : undefined;

/** Undefined: too little of both to tell. */
const ratio = (busySeconds: number, settled: number): number | undefined =>
  busySeconds >= 0.2 && settled >= 10 ? settled / busySeconds : undefined;
