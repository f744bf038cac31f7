import { expect, test } from 'vitest';
import { turn } from './turn.ts';

const ITEMS = ['a', 'b', 'c'];

test('in as many slices as there are items, each has every place once', () => {
  const orders = [1, 2, 3].map((slice) => turn(ITEMS, slice));
  for (const place of [0, 1, 2]) expect(new Set(orders.map((order) => order[place]))).toEqual(new Set(ITEMS));
});

test('each waits as long as any other for its turns', () => {
  const order = Array.from({ length: 12 }, (_, index) => turn(ITEMS, index + 1)).flat();
  const waits = ITEMS.map((item) => {
    const turns = order.flatMap((other, at) => (other === item ? [at] : []));
    // Beginning with any of the waits, they come round.
    return turns.slice(1, 10).map((at, index) => at - turns[index]!);
  });
  const sorted = waits.map((some) => some.toSorted((a, b) => a - b));
  for (const some of sorted) expect(some).toEqual(sorted[0]);
  expect(Math.min(...waits.flat())).toBe(2);
});
