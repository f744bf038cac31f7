import fc from 'fast-check';
import { expect, test } from 'vitest';
import { candidateReplicas, effectiveReplicas, evenReplicas, nextLevel, partitionLevels } from './levels.ts';

test.each([
  [1, [1]],
  [12, [1, 2, 3, 4, 6, 12]],
  [24, [1, 2, 3, 4, 5, 6, 8, 12, 24]],
  [48, [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 48]],
  [60, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 60]],
  [63, [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 21, 32, 63]],
])('%i partitions have the levels %j', (partitions, levels) => {
  expect(partitionLevels(partitions)).toEqual(levels);
});

test('the levels are ceil(P / k), no count between two of them does more than the lower one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 400 }),
      (partitions, replicas) => {
        const levels = partitionLevels(partitions);
        const expected = new Set(
          Array.from({ length: partitions }, (_, k) => Math.ceil(partitions / (k + 1))),
        );
        expect(new Set(levels)).toEqual(expected);
        const lower = levels.findLast((level) => level <= replicas) ?? 1;
        expect(evenReplicas(partitions, replicas)).toBe(evenReplicas(partitions, lower));
      },
    ),
  );
});

test.each([
  [24, 1, 24, [1, 2, 3, 4, 5, 6, 8, 12, 24]],
  [24, 1, 10, [1, 2, 3, 4, 5, 6, 8]],
  [24, 7, 24, [7, 8, 12, 24]],
  [24, 0, 3, [1, 2, 3]],
  [24, 30, 40, [30]],
  [2, 1, 10, [1, 2]],
])('of %i partitions, from %i to %i replicas, %j are considered', (partitions, min, max, expected) => {
  expect(candidateReplicas(partitions, min, max)).toEqual(expected);
});

test('the next level, and none above all partitions', () => {
  expect(nextLevel(24, 8)).toBe(12);
  expect(nextLevel(24, 9)).toBe(12);
  expect(nextLevel(24, 24)).toBeUndefined();
});

test.each([
  [24, 0, 0],
  [24, 5, 4.8],
  [24, 23, 12],
  [24, 40, 24],
])('%i partitions: %i replicas are worth %f', (partitions, replicas, effective) => {
  expect(evenReplicas(partitions, replicas)).toBeCloseTo(effective, 9);
});

test('the fullest replica sets the pace when partitions are uneven', () => {
  const shares = [0.5, 0.1, 0.2, 0.2];
  expect(effectiveReplicas(4, 2, shares)).toBeCloseTo(1 / 0.7, 9);
  expect(effectiveReplicas(4, 4, shares)).toBe(2);
  expect(effectiveReplicas(4, 9, shares)).toBe(2);
  expect(effectiveReplicas(4, 2, undefined)).toBe(2);
});
