import { SETTINGS } from './settings.ts';

/** Sums over all partitions at one look. */
export type Sample = readonly [at: number, written: number, settled: number];

/** Records written over `seconds`, and how much more they scatter than a Poisson process (1). */
export interface ArrivalRate {
  readonly perSecond: number;
  /** The rate that is certain: two deviations lower. */
  readonly certainPerSecond: number;
  /** Length of the window it was read over. */
  readonly seconds: number;
}

/** Of chance, below the rate that was read. */
export const CERTAIN_DEVIATIONS = 2;

/** Adds a sample, drops those that are too old, and keeps the number bounded when looks are frequent. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const oldest = sample[0] - SETTINGS.sampleSpan;
  let first = 0;
  while (first < samples.length && (samples[first]?.[0] ?? oldest) < oldest) first++;
  const [before, last] = [samples.at(-2), samples.at(-1)];
  const tooClose = before !== undefined && last !== undefined && last[0] - before[0] < SETTINGS.sampleSpacing;
  const kept = samples.slice(first, tooClose ? -1 : undefined);
  kept.push(sample);
  return kept;
}

/** Records that waited at `at`, or at the last sample before; undefined where none reaches back so far. */
export function lagAt(samples: readonly Sample[], at: number): number | undefined {
  const sample = samples.findLast(([seen]) => seen <= at);
  return sample && sample[1] - sample[2];
}

/**
 * The arrival rate, read over the longest window that no shorter one contradicts: steady load is averaged over a
 * minute, a step is believed as soon as it cannot be chance, and from then on the window grows with what has been seen
 * since. A window of w seconds with N records contradicts a rate r when |N - r w| > z sqrt(D r w), D being the index
 * of dispersion. Only end offsets are used, so what consumers do (pauses, rebalances) cannot distort it.
 *
 * Source: Knative's stable and panic windows (pkg/autoscaler/scaling/autoscaler.go), with a test for significance in
 * place of the fixed factor of 2, and windows as long as the load is steady as in ADWIN (Bifet and Gavalda, 2007).
 */
export function arrivalRate(samples: readonly Sample[], dispersion: number): ArrivalRate | undefined {
  const counts = SETTINGS.arrivalWindows.map((seconds) => countOver(samples, seconds));
  const chosen = counts.find(
    (count, index) => count !== undefined && !isContradicted(count, counts, index + 1, dispersion),
  );
  if (chosen === undefined) return undefined;
  const { records, seconds } = chosen;
  const certain = Math.max(0, records - CERTAIN_DEVIATIONS * Math.sqrt(dispersion * Math.max(records, 1)));
  return { perSecond: records / seconds, certainPerSecond: certain / seconds, seconds };
}

/** By one of the shorter windows, which begin at `first`. */
function isContradicted(
  { records, seconds }: Count,
  counts: readonly (Count | undefined)[],
  first: number,
  dispersion: number,
): boolean {
  for (let index = first; index < counts.length; index++) {
    const short = counts[index];
    if (short === undefined) continue;
    const expected = (records / seconds) * short.seconds;
    const deviation = Math.sqrt(dispersion * Math.max(expected, 1));
    if (Math.abs(short.records - expected) > (SETTINGS.contradiction[index] ?? 3) * deviation) return true;
  }
  return false;
}

interface Count {
  readonly records: number;
  readonly seconds: number;
}

/** Records written in about the last `seconds`; over less if there is no more. */
export function countOver(samples: readonly Sample[], seconds: number): Count | undefined {
  const last = samples.at(-1);
  if (last === undefined) return undefined;
  const from = last[0] - seconds - 0.1;
  let index = samples.length - 1;
  while (index > 0 && (samples[index - 1]?.[0] ?? from) >= from) index--;
  const first = samples[index === samples.length - 1 ? index - 1 : index];
  return first && { records: last[1] - first[1], seconds: last[0] - first[0] };
}

/**
 * Index of dispersion (variance / mean) of the counts between samples, at least 1. From the median of squared
 * differences of neighbours, which for normal noise is 0.455 times twice the variance: neither a step nor a ramp
 * counts as noise. 1 until there are enough samples.
 */
export function dispersionOf(samples: readonly Sample[]): number {
  if (samples.length < 10) return 1;
  const squares: number[] = [];
  let rateBefore = rateBetween(samples[0], samples[1]);
  for (let index = 2; index < samples.length; index++) {
    const rate = rateBetween(samples[index - 1], samples[index]);
    squares.push((rate - rateBefore) ** 2);
    rateBefore = rate;
  }
  squares.sort((a, b) => a - b);
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return 1;
  const mean = (last[1] - first[1]) / (last[0] - first[0]);
  const spacing = (last[0] - first[0]) / (samples.length - 1);
  const variance = (squares[Math.floor(squares.length / 2)] ?? 0) / (2 * 0.455);
  return mean > 0 ? Math.min(100, Math.max(1, (variance * spacing) / mean)) : 1;
}

function rateBetween(from: Sample | undefined, to: Sample | undefined): number {
  if (from === undefined || to === undefined || to[0] <= from[0]) return 0;
  return (to[1] - from[1]) / (to[0] - from[0]);
}
