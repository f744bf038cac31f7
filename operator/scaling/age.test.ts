import { expect, test } from 'vitest';
import { ageSeconds, type Mark, withMark } from './age.ts';
import type { Look } from './look.ts';

const at = (positions: number[], lags: number[]): Look => ({ positions, lags }) as unknown as Look;
/** 10 records per second from second 0. */
const marks: Mark[] = [0, 10, 20].map((seconds) => [seconds, [10 * seconds, 10 * seconds]]);

test.each([
  ['nothing waits', at([200, 200], [0, 0]), 0],
  ['between two marks', at([150, 200], [50, 0]), 5],
  ['at a mark', at([100, 200], [100, 0]), 10],
  ['the oldest of all partitions counts', at([150, 60], [50, 140]), 14],
  ['from before the oldest mark', at([-50, 200], [250, 0]), 25],
])('%s', (_, look, age) => {
  expect(ageSeconds(look, marks, 20)).toBeCloseTo(age, 6);
});

test('something waits, and there is nothing to tell by', () => {
  expect(ageSeconds(at([5], [5]), [[0, [10]]], 0)).toBeUndefined();
  expect(ageSeconds(at([10], [0]), [[0, [10]]], 0)).toBe(0);
});

test('what has waited since before the oldest mark and nothing came since is as old as that, at least', () => {
  expect(
    ageSeconds(
      at([5], [5]),
      [
        [0, [10]],
        [30, [10]],
      ],
      30,
    ),
  ).toBe(30);
});

test('a dozen marks reach back a quarter of an hour, close together where it matters', () => {
  let kept: readonly Mark[] = [];
  for (let second = 0; second <= 2_000; second += 2) kept = withMark(kept, [second, [10 * second]]);
  expect(kept.length).toBeLessThan(25);
  expect(2_000 - kept[0]![0]).toBeGreaterThan(500);
  for (const waited of [1, 3, 7, 30, 100, 400]) {
    expect(ageSeconds(at([10 * (2_000 - waited)], [10 * waited]), kept, 2_000)).toBeCloseTo(waited, 3);
  }
});
