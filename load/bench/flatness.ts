import type { Measurement } from '../lib/measure.ts';

export interface Flatness {
  readonly flat: boolean;
  /** What was open on average in the second half of the load. */
  readonly meanBacklog: number;
  /** Growth of the backlog over the second half, transactions per second. */
  readonly slopePerSecond: number;
  /** Why it is not flat; empty when it is. */
  readonly reasons: readonly string[];
}

/** Growth of the backlog that is still called flat: a hundredth of what comes in. */
const SLOPE_SHARE = 0.01;
const ACCEPTED_SHARE = 0.98;

/**
 * Whether a system keeps up with an offered rate: everything offered was accepted, the backlog does not grow, and
 * what was open at the end is gone a moment after the last one has had its remote call.
 */
export function judgeFlatness(run: Measurement, ratePerSecond: number, remoteLatencyMs: number): Flatness {
  const half = run.timeline.filter(
    ({ second }) => second >= run.seconds / 2 && second < Math.floor(run.seconds),
  );
  const backlogs = half.map(({ backlog }) => backlog);
  const meanBacklog = backlogs.reduce((sum, value) => sum + value, 0) / Math.max(1, backlogs.length);
  const slopePerSecond = slope(backlogs);
  const errors = Object.entries(run.load.errors).map(([kind, count]) => `${count} x ${kind}`);
  const drainMaxSeconds = remoteLatencyMs / 1_000 + 2;
  const reasons = [
    ...(errors.length > 0 ? [`errors ${errors.join(', ')}`] : []),
    ...(run.load.dropped > 0 ? [`${run.load.dropped} requests could not be sent`] : []),
    ...(run.notEnded > 0 ? [`${run.notEnded} transactions did not end`] : []),
    ...(run.acceptedPerSecond < ratePerSecond * ACCEPTED_SHARE
      ? [`only ${run.acceptedPerSecond.toFixed(0)}/s were accepted`]
      : []),
    ...(slopePerSecond > ratePerSecond * SLOPE_SHARE
      ? [`the backlog grew by ${slopePerSecond.toFixed(0)} a second`]
      : []),
    ...((run.drainSeconds ?? Infinity) > drainMaxSeconds
      ? [`draining took ${run.drainSeconds?.toFixed(1) ?? 'too many'} s`]
      : []),
  ];
  return { flat: reasons.length === 0, meanBacklog, slopePerSecond, reasons };
}

/** Least squares over values that are one second apart. */
export function slope(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  const meanX = (n - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / n;
  let above = 0;
  let below = 0;
  values.forEach((value, x) => {
    above += (x - meanX) * (value - meanY);
    below += (x - meanX) ** 2;
  });
  return above / below;
}
