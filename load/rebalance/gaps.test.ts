import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestGaps } from './gaps.ts';

const of = (...partitions: readonly number[][]) => new Map(partitions.entries());
const window = { fromMs: 1_000, toMs: 2_000 };

test.each([
  ['a pause in the middle', [900, 1_000, 1_100, 1_700, 1_950], 600],
  ['a pause that had begun before the window', [600, 1_400, 1_950], 800],
  ['a pause that has not ended', [900, 1_300], 700],
  ['a gap before the window', [100, 900, 1_050, 1_990], 940],
  ['what comes after the window', [900, 1_500, 2_900], 600],
  ['disorder', [1_700, 900, 1_200], 500],
])('%s', (_, times, longest) => {
  expect(longestGaps(of(times), window)).toEqual([longest]);
});

test('each partition has its own', () => {
  expect(longestGaps(of([1_000, 1_100], [1_000, 1_990]), window)).toEqual([900, 990]);
});

test('more settlements never make a gap longer', () => {
  const times = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1 });
  fc.assert(
    fc.property(times, times, (some, others) => {
      const before = longestGaps(of([0, ...some]), window)[0]!;
      expect(longestGaps(of([0, ...some, ...others]), window)[0]!).toBeLessThanOrEqual(before);
    }),
  );
});
