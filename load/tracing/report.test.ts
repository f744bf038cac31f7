import { expect, test } from 'vitest';
import type { Sample, Sampling } from './report.ts';
import { costs, meanAndError, median, moreCpu } from './report.ts';

const sample = (round: number, sampling: Sampling, completedPerSecond: number): Sample => ({
  round,
  sampling,
  completedPerSecond,
  cpuMicros: sampling === undefined || sampling === 'control' ? 800 : 1_000,
  cpuMicrosOf: {},
  bytesPerTransaction: 0,
  sinkMicros: 0,
});
const inPercent = (parts: readonly number[]): number[] => parts.map((part) => Math.round(part * 100));

test('a cost is that of a round against the mean of what the same round has shown without tracing', () => {
  const samples = [
    sample(1, undefined, 2_100),
    sample(1, 1, 1_800),
    sample(1, 'control', 1_900),
    sample(2, 'control', 1_000),
    sample(2, 1, 950),
    sample(2, undefined, 1_000),
  ];
  expect(inPercent(costs(1, samples))).toEqual([10, 5]);
  expect(moreCpu(1, samples)).toEqual([0.25, 0.25]);
});

test('the control is held against the other one without tracing alone', () => {
  const samples = [sample(1, undefined, 2_000), sample(1, 'control', 2_200)];
  expect(inPercent(costs('control', samples))).toEqual([-10]);
  expect(moreCpu('control', samples)).toEqual([0]);
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
