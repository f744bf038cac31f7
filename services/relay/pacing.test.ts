import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pauseAfter } from './pacing.ts';

const POLL = { pollMinMs: 5, pollMaxMs: 50 };
const LIMIT = 500;
const after = (rows: number, poll = POLL): number => pauseAfter({ rows, limit: LIMIT, empty: 0 }, poll);
const afterEmpty = (empty: number, poll = POLL): number => pauseAfter({ rows: 0, limit: LIMIT, empty }, poll);

test.each([
  [1, 5],
  [2, 5.2],
  [6, 6],
  [21, 9],
  [61, 17],
  [101, 25],
  [300, 25],
  [499, 25],
  [500, 0],
])('%i rows of 500: a pause of %f ms', (rows, ms) => expect(after(rows)).toBeCloseTo(ms));

test.each([
  [1, 5],
  [2, 7.5],
  [3, 11.25],
  [7, 50],
  [100_000, 50],
])('%i claims in a row without a row: a pause of %f ms', (empty, ms) =>
  expect(afterEmpty(empty)).toBeCloseTo(ms),
);

test('what halving has left is full at its limit', () => {
  expect(pauseAfter({ rows: 1, limit: 1, empty: 0 }, POLL)).toBe(0);
  expect(pauseAfter({ rows: 3, limit: 4, empty: 0 }, POLL)).toBeGreaterThan(0);
});

test('whoever polls slowly on purpose is not made quicker by load', () => {
  const slow = { pollMinMs: 200, pollMaxMs: 1_000 };
  expect([1, 80, 499].map((rows) => after(rows, slow))).toEqual([200, 200, 200]);
  expect(afterEmpty(9, slow)).toBe(1_000);
});

describe('a loop under steady load', () => {
  const loads = fc.record({
    /** Rows per ms, and ms of a claim: at most 400 rows while one claim is under way, so none is full. */
    rate: fc.double({ min: 0.01, max: 8, noNaN: true }),
    claimMs: fc.double({ min: 1, max: 25, noNaN: true }),
  });
  const settle = (start: number, { rate, claimMs }: { rate: number; claimMs: number }): number => {
    let rows = start;
    for (let turn = 0; turn < 5_000; turn++) rows = rate * (claimMs + after(rows));
    return rows;
  };

  test('settles at the same number of rows, wherever it begins', () => {
    fc.assert(
      fc.property(loads, fc.double({ min: 1, max: 499, noNaN: true }), (load, start) => {
        expect(settle(start, load)).toBeCloseTo(settle(1, load), 3);
      }),
    );
  });

  test('claims no more often when claims become slower, and never more than 1 / pollMin', () => {
    fc.assert(
      fc.property(loads, fc.double({ min: 1, max: 2, noNaN: true }), ({ rate, claimMs }, slower) => {
        const claimsPerMs = (ms: number): number => rate / settle(1, { rate, claimMs: ms });
        const before = claimsPerMs(claimMs);
        expect(claimsPerMs(claimMs * slower)).toBeLessThanOrEqual(before + 1e-9);
        expect(before).toBeLessThan(1 / POLL.pollMinMs);
      }),
    );
  });
});
