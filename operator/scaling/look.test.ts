import { describe, expect, test } from 'vitest';
import { type Look, readLook } from './look.ts';
import { knownLag } from './test-observations.ts';

const read = (
  lag: Parameters<typeof knownLag>[0],
  before?: Look,
  reset: 'earliest' | 'latest' = 'earliest',
) => readLook(knownLag(lag), reset, before) as Look;

describe('what a group has before it', () => {
  test.each([
    ['what is beyond its commit', { ends: [100], committed: [60] }, 'earliest', 40],
    ['not what retention has deleted', { ends: [100], committed: [60], begins: [90] }, 'earliest', 10],
    [
      'everything there is, if it never committed and begins at the earliest',
      { ends: [100], committed: [undefined], begins: [30] },
      'earliest',
      70,
    ],
    [
      'nothing, if it never committed and begins at the latest',
      { ends: [100], committed: [undefined] },
      'latest',
      0,
    ],
    [
      'nothing, if its commit is a little newer than the read of the end',
      { ends: [100], committed: [103] },
      'earliest',
      0,
    ],
    ['the sum of its partitions', { ends: [100, 50], committed: [60, 45] }, 'earliest', 45],
  ] as const)('%s', (_, lag, reset, expected) => {
    expect(read(lag, undefined, reset).lag).toBe(expected);
  });
});

test('an end that goes backwards tells nothing', () => {
  const before = read({ ends: [100, 100] });
  expect(readLook(knownLag({ ends: [100, 7] }), 'earliest', before)).toEqual({
    backwards: 'topic/1 ends at 7, less than before',
  });
});

test('a commit from before the topic was made anew is none', () => {
  const first = read({ ends: [10], committed: [1_000] });
  expect(first.lag).toBe(0);
  expect(read({ ends: [12], committed: [1_000] }, first).lag).toBe(12);
  expect(read({ ends: [12], committed: [1_000] }, first, 'latest').lag).toBe(0);
  expect(read({ ends: [12], committed: [4] }, first).lag).toBe(8);
});

test('partitions are put in order, whatever order they come in', () => {
  const lag = knownLag({ ends: [10, 20, 30] });
  const shuffled = { ...lag, partitions: lag.partitions.toReversed() };
  expect((readLook(shuffled, 'earliest', undefined) as Look).ends).toEqual([10, 20, 30]);
});

test('more partitions are another topology, and no going backwards', () => {
  const before = read({ ends: [100, 100] });
  const after = read({ ends: [100, 100, 0] }, before);
  expect([before.topology, after.topology]).toEqual(['topic:2', 'topic:3']);
});

test('other members are another membership, in whatever order they are told', () => {
  const [one, same, other] = [{ generation: 1 }, { generation: 1 }, { generation: 2 }].map(
    (given) => read({ ends: [1], members: 3, ...given }).membership,
  );
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});

test.each([
  ['Stable', false],
  ['Empty', false],
  ['PreparingRebalance', true],
  ['CompletingRebalance', true],
  ['Reconciling', true],
] as const)('%s: rebalancing %s', (state, rebalancing) => {
  expect(read({ ends: [1], state }).rebalancing).toBe(rebalancing);
});
