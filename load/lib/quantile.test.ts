import { expect, test } from 'vitest';
import { quantile } from './quantile.ts';

test('quantiles', () => {
  expect([0, 0.5, 1].map((share) => quantile([3, 1, 2, 4], share))).toEqual([1, 3, 4]);
  expect(quantile([], 0.5)).toBeNaN();
});
