import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareOut } from './share-out.ts';

test('who needs little gets it, the rest get equal parts', () => {
  expect(shareOut([1, 10, 10], 9, Infinity)).toEqual([1, 4, 4]);
  expect(shareOut([1, 2, 30], 9, Infinity)).toEqual([1, 2, 6]);
  expect(shareOut([5, 5], 20, Infinity)).toEqual([5, 5]);
  expect(shareOut([50, 50], 60, 10)).toEqual([10, 10]);
});

test('nothing is wasted, nobody gets more than waits, and whoever goes short gets no less than the others', () => {
  const amounts = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 24 });
  fc.assert(
    fc.property(amounts, fc.double({ min: 0.1, max: 500, noNaN: true }), (waiting, capacity) => {
      const parts = shareOut(waiting, capacity, Infinity);
      const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
      expect(sum(parts)).toBeCloseTo(Math.min(sum(waiting), capacity), 6);
      const most = Math.max(...parts);
      for (const [index, part] of parts.entries()) {
        expect(part).toBeLessThanOrEqual(waiting[index]! + 1e-9);
        expect(part >= waiting[index]! - 1e-6 || part > most - 1e-6).toBe(true);
      }
    }),
  );
});
