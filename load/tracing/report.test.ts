import { expect, test } from 'vitest';
import type { Sample, Sampling } from './report.ts';
import { costs, costsAtOneSpeed, meanAndError, median, moreCpu } from './report.ts';

const sample = (
  [round, time]: readonly [number, number],
  sampling: Sampling,
  completedPerSecond: number,
): Sample => ({
  round,
  time,
  sampling,
  completedPerSecond,
  cpuMicros: sampling ? 1_000 : 800,
  cpuMicrosOf: {},
  bytesPerTransaction: 0,
  sinkMicros: 0,
});
const inPercent = (parts: readonly number[]): number[] => parts.map((part) => Math.round(part * 100));

test('what sampling costs is held against none in the same turn', () => {
  const samples = [
    sample([1, 1], 0, 2_000),
    sample([1, 2], 0, 1_000),
    sample([2, 1], 0, 500),
    sample([1, 1], 1, 1_800),
    sample([1, 2], 1, 950),
    sample([2, 1], 1, 500),
    sample([1, 1], undefined, 9_000),
  ];
  expect(inPercent(costs(1, samples))).toEqual([10, 5, 0]);
  expect(moreCpu(1, samples)).toEqual([0.25, 0.25, 0.25]);
});

test('what it costs to have tracing is held against the round without it', () => {
  const samples = [
    sample([1, 1], undefined, 2_000),
    sample([1, 2], undefined, 1_000),
    sample([1, 1], 0, 1_500),
    sample([1, 2], 0, 1_200),
    sample([2, 1], undefined, 1_000),
    sample([2, 1], 0, 1_100),
  ];
  expect(inPercent(costs(0, samples))).toEqual([10, -10]);
});

test('a machine that is slower for a time is no cost of tracing', () => {
  const at = (one: Sample, postgres: number): Sample => ({ ...one, cpuMicrosOf: { postgres } });
  const samples = [
    at(sample([1, 1], 0, 2_000), 200),
    at(sample([1, 1], 1, 1_000), 400),
    at(sample([1, 2], 0, 1_000), 400),
    at(sample([1, 2], 1, 1_800), 200),
  ];
  expect(inPercent(costsAtOneSpeed(1, samples))).toEqual([0, 10]);
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
