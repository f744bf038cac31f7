import { expect, test } from 'vitest';
import { turn } from './turn.ts';

test('in twice as many slices as there are, each comes first, in the middle and last equally often', () => {
  const orders = [1, 2, 3, 4, 5, 6].map((slice) => turn(['a', 'b', 'c'], slice));
  for (const place of [0, 1, 2])
    for (const item of ['a', 'b', 'c'])
      expect(
        orders.filter((order) => order[place] === item),
        `${item} at ${place}`,
      ).toHaveLength(2);
  expect(new Set(orders.map((order) => order.join(''))).size).toBe(6);
});
