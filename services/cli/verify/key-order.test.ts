import { expect, test } from 'vitest';
import { KeyOrder } from './key-order.ts';

/** Key, accepted at (microseconds), position in the ledger. */
type Step = readonly [key: string, acceptedAt: number, seq: number];

function faults(...steps: Step[]): string[] {
  const order = new KeyOrder();
  return steps.flatMap(([key, acceptedAt, seq], index) => {
    const fault = order.add({ id: `t${index}`, key, acceptedAt: String(acceptedAt), seq });
    return fault === undefined ? [] : [`t${index} ${fault}`];
  });
}

test('in order', () => {
  expect(faults(['a', 1, 1], ['a', 2, 5], ['a', 3, 9])).toEqual([]);
});

test('each key for itself', () => {
  expect(faults(['a', 1, 7], ['b', 1, 2], ['b', 2, 3], ['c', 1, 1])).toEqual([]);
});

test('an effect before that of an earlier one', () => {
  expect(faults(['a', 1, 5], ['a', 2, 4])).toEqual([
    't1 had its effect (4) before t0 (5), which was accepted earlier with key "a"',
  ]);
});

test('names the one that came too late, not its neighbour', () => {
  const found = faults(['a', 1, 9], ['a', 2, 4], ['a', 3, 5], ['a', 4, 10]);
  expect(found.map((fault) => fault.slice(0, 2))).toEqual(['t1', 't2']);
  expect(found[1]).toContain('before t0 (9)');
});

test('within a microsecond nothing is promised, but it still is before the next', () => {
  expect(faults(['a', 1, 5], ['a', 1, 4])).toEqual([]);
  expect(faults(['a', 1, 5], ['a', 2, 8], ['a', 2, 7], ['a', 3, 9])).toEqual([]);
  expect(faults(['a', 2, 8], ['a', 2, 7], ['a', 3, 7.5])).toHaveLength(1);
});
