import { expect, test } from 'vitest';
import type { Sample, Sampling } from './report.ts';
import { costs, meanAndError, median, moreCpu } from './report.ts';

const sample = (slice: number, sampling: Sampling, completedPerSecond: number): Sample => ({
  round: 1,
  slice,
  sampling,
  completedPerSecond,
  cpuMicros: sampling === undefined ? 800 : 1_000,
  cpuMicrosOf: {},
  bytesPerTransaction: 0,
  sinkMicros: 0,
});

test('a cost is that of a slice against the same slice without tracing', () => {
  const samples = [
    sample(1, undefined, 2_000),
    sample(1, 1, 1_800),
    sample(2, 1, 950),
    sample(2, undefined, 1_000),
  ];
  expect(costs(1, samples).map((cost) => Math.round(cost * 100))).toEqual([10, 5]);
  expect(moreCpu(1, samples)).toEqual([0.25, 0.25]);
});

test('the median', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('the standard error of a mean', () => {
  expect(meanAndError([1, 3])).toEqual({ mean: 2, error: 1 });
  expect(meanAndError([5, 5, 5])).toEqual({ mean: 5, error: 0 });
});
