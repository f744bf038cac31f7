import type { Look } from './look.ts';
import { sum } from './look.ts';

/** Records written to each partition, older ones weighing less, over a memory of so many seconds. */
export interface PartitionLoad {
  readonly counts: readonly number[];
  readonly seconds: number;
}

export const NO_PARTITION_LOAD: PartitionLoad = { counts: [], seconds: 0 };

/** Seconds after which records weigh 1/e. */
const MEMORY_SECONDS = 60;

/** Takes in what was written since the ends before. */
export function withWritten(
  before: PartitionLoad,
  look: Look,
  endsBefore: readonly number[] | undefined,
  elapsedSeconds: number,
): PartitionLoad {
  if (endsBefore?.length !== look.ends.length) return NO_PARTITION_LOAD;
  const decay = Math.exp(-elapsedSeconds / MEMORY_SECONDS);
  const counts = look.ends.map((end, index) => {
    const count = (before.counts[index] ?? 0) * decay + Math.max(0, end - (endsBefore[index] ?? end));
    return Math.round(count * 100) / 100;
  });
  return { counts, seconds: before.seconds * decay + elapsedSeconds };
}

/** Records per second of each partition. */
export const partitionRates = ({ counts, seconds }: PartitionLoad): number[] =>
  counts.map((count) => (seconds > 0 ? count / seconds : 0));

/**
 * The share of each partition, when they differ by more than chance; undefined: they may as well be even. By the
 * chi-square statistic, which for P even partitions is about P - 1, give or take sqrt(2 P).
 *
 * Skew matters because the fullest replica sets the pace (Landau et al., arXiv 2402.06085).
 */
export function unevenShares(counts: readonly number[]): readonly number[] | undefined {
  const total = sum(counts);
  const partitions = counts.length;
  const even = total / partitions;
  if (partitions < 2 || even < 2) return undefined;
  const statistic = sum(counts.map((count) => (count - even) ** 2 / even));
  if (statistic < partitions + 6 * Math.sqrt(2 * partitions)) return undefined;
  return counts.map((count) => count / total);
}
