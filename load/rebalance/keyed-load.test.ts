import { expect, test } from 'vitest';
import { inTurns } from './keyed-load.ts';

test('partitions take turns, as long as each has a key', () => {
  const partitionOf = new Map([
    ['a', 0],
    ['b', 1],
    ['c', 1],
    ['d', 0],
    ['e', 1],
  ]);
  expect(inTurns(partitionOf)).toEqual(['a', 'b', 'd', 'c']);
});
