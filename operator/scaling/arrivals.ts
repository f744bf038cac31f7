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

/** Adds a sample, drops those that are too old, and keeps the number bounded when looks are frequent. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const oldest = sample[0] - SETTINGS.sampleSpan;
  const kept = samples.filter(([at]) => at >= oldest);
  const last = kept.at(-2);
  const tooClose = last !== undefined && (kept.at(-1)?.[0] ?? 0) - last[0] < SETTINGS.sampleSpacing;
  return [...(tooClose ? kept.slice(0, -1) : kept), sample];
}

/**
 * The arrival rate, read over the longest window that no shorter one contradicts: steady load is averaged over a
 * minute, a step is believed as soon as it cannot be chance. A window of w seconds with N records contradicts a rate
 * r when |N - r w| > z sqrt(D r w), D being the index of dispersion. Only end offsets are used, so what consumers do
 * (pauses, rebalances) cannot distort it.
 *
 * Source: Knative's stable and panic windows (pkg/autoscaler/scaling/autoscaler.go), with a test for significance in
 * place of the fixed factor of 2.
 */
export function arrivalRate(samples: readonly Sample[]): ArrivalRate | undefined {
  const counts = SETTINGS.arrivalWindows.map((seconds) => countOver(samples, seconds));
  const dispersion = dispersionOf(samples);
  let chosen = counts[0];
  counts.forEach((count, index) => {
    if (count === undefined || chosen === undefined) return;
    const expected = (chosen.records / chosen.seconds) * count.seconds;
    const deviation = Math.sqrt(dispersion * Math.max(expected, 1));
    if (Math.abs(count.records - expected) > (SETTINGS.contradiction[index] ?? 3) * deviation) chosen = count;
  });
  if (chosen === undefined) return undefined;
  const { records, seconds } = chosen;
  const certain = Math.max(0, records - 2 * Math.sqrt(dispersion * Math.max(records, 1)));
  return { perSecond: records / seconds, certainPerSecond: certain / seconds, seconds };
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
  const first = samples.find(([at]) => at >= from);
  if (first === undefined || first === last) {
    const before = samples.at(-2);
    return before && { records: last[1] - before[1], seconds: last[0] - before[0] };
  }
  return { records: last[1] - first[1], seconds: last[0] - first[0] };
}

/**
 * Index of dispersion (variance / mean) of the counts between samples, at least 1. From the median of squared
 * differences of neighbours, which for normal noise is 0.455 times twice the variance: neither a step nor a ramp
 * counts as noise. 1 until there are enough samples.
 */
export function dispersionOf(samples: readonly Sample[]): number {
  if (samples.length < 10) return 1;
  const rates = samples.slice(1).map(([at, written], index) => {
    const [before, writtenBefore] = samples[index] ?? [at, written];
    return at > before ? (written - writtenBefore) / (at - before) : 0;
  });
  const squares = rates
    .slice(1)
    .map((rate, index) => (rate - (rates[index] ?? rate)) ** 2)
    .sort((a, b) => a - b);
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return 1;
  const mean = (last[1] - first[1]) / (last[0] - first[0]);
  const spacing = (last[0] - first[0]) / (samples.length - 1);
  const variance = (squares[Math.floor(squares.length / 2)] ?? 0) / (2 * 0.455);
  return mean > 0 ? Math.min(100, Math.max(1, (variance * spacing) / mean)) : 1;
}
