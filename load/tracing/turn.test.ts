import { expect, test } from 'vitest';
import { balancedTurn, turn } from './turn.ts';

test('in as many rounds as there are items, each has every place once', () => {
  const items = ['a', 'b', 'c'];
  const orders = [1, 2, 3].map((round) => turn(items, round));
  for (const place of [0, 1, 2]) expect(new Set(orders.map((order) => order[place]))).toEqual(new Set(items));
});

test('in six balanced turns of three, each follows each of the others twice', () => {
  const orders = [0, 1, 2, 3, 4, 5].map((time) => balancedTurn(['a', 'b', 'c'], time));
  for (const place of [0, 1, 2])
    expect(orders.map((order) => order[place] ?? '').toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  const pairs = orders.flatMap(([first, second, third]) => [`${first}${second}`, `${second}${third}`]);
  expect(pairs.toSorted()).toEqual(['ab', 'ab', 'ac', 'ac', 'ba', 'ba', 'bc', 'bc', 'ca', 'ca', 'cb', 'cb']);
});
