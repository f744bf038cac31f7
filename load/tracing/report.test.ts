import { expect, test } from 'vitest';
import type { Sample, Sampling } from './report.ts';
import { costs, median } from './report.ts';

const sample = (round: number, sampling: Sampling, completedPerSecond: number): Sample => ({
  round,
  sampling,
  completedPerSecond,
  cpuMicros: 800,
  bytesPerTransaction: 0,
  sinkMicros: 0,
});

test('a cost is that of a round against the same round without tracing', () => {
  const samples = [
    sample(1, undefined, 2_000),
    sample(1, 1, 1_800),
    sample(2, 1, 950),
    sample(2, undefined, 1_000),
  ];
  expect(costs(1, samples).map((cost) => Math.round(cost * 100))).toEqual([10, 5]);
});

test('the median', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});
