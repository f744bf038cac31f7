import { expect, test } from 'vitest';
import { DISTRIBUTIONS, sampleLatencyMs } from './latency.ts';
import type { Distribution } from './latency.ts';
import { createRandom } from './random.ts';

function sampleMany(distribution: Distribution, sdMs: number, jitterMs = 0): number[] {
  const random = createRandom(42);
  return Array.from({ length: 20_000 }, () =>
    sampleLatencyMs({ distribution, meanMs: 450, sdMs, jitterMs }, random),
  );
}

function moments(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { mean, sd };
}

test.each(DISTRIBUTIONS)('%s has the mean and the standard deviation that were asked for', (distribution) => {
  const { mean, sd } = moments(sampleMany(distribution, 50));
  expect(mean).toBeGreaterThan(440);
  expect(mean).toBeLessThan(460);
  const wanted = distribution === 'constant' ? 0 : distribution === 'exponential' ? 450 : 50;
  expect(Math.abs(sd - wanted)).toBeLessThan(0.05 * wanted + 0.001);
});

test('jitter spreads evenly around the latency, and nothing goes below zero', () => {
  const values = sampleMany('constant', 0, 500);
  expect(Math.min(...values)).toBe(0);
  expect(Math.max(...values)).toBeGreaterThan(940);
  expect(Math.max(...values)).toBeLessThanOrEqual(950);
});

test('the same seed gives the same numbers, another seed others', () => {
  const take = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 5 }, random);
  };
  expect(take(1)).toEqual(take(1));
  expect(take(1)).not.toEqual(take(2));
});
