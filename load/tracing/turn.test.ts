import { expect, test } from 'vitest';
import { turn } from './turn.ts';

test('in as many rounds as there are items, each has every place once', () => {
  const items = ['a', 'b', 'c'];
  const orders = [1, 2, 3].map((round) => turn(items, round));
  for (const place of [0, 1, 2]) expect(new Set(orders.map((order) => order[place]))).toEqual(new Set(items));
});
