import { expect, test } from 'vitest';
import { worthOf } from './assignment.ts';
import type { Look } from './look.ts';

type Dealt = readonly (readonly [topic: string, partition: number])[] | undefined;

/** Two topics of two partitions. */
function look(...members: readonly Dealt[]): Look {
  const partitions = ['a', 'b'].flatMap((topic) => [0, 1].map((partition) => ({ topic, partition })));
  return {
    partitions,
    group: {
      members: members.map((dealt, id) => ({
        id: String(id),
        assigned: dealt?.map(([topic, partition]) => ({ topic, partition })),
      })),
    },
  } as unknown as Look;
}

test.each([
  [
    'dealt out evenly',
    look(
      [
        ['a', 0],
        ['b', 0],
      ],
      [
        ['a', 1],
        ['b', 1],
      ],
    ),
    undefined,
    2,
  ],
  [
    'by range, which leaves one with nothing',
    look(
      [
        ['a', 0],
        ['b', 0],
      ],
      [
        ['a', 1],
        ['b', 1],
      ],
      [],
    ),
    undefined,
    2,
  ],
  [
    'unevenly',
    look(
      [
        ['a', 0],
        ['b', 0],
        ['b', 1],
      ],
      [['a', 1]],
    ),
    undefined,
    Number((4 / 3).toFixed(9)),
  ],
  [
    'evenly, but one partition has half of it all',
    look(
      [
        ['a', 0],
        ['b', 0],
      ],
      [
        ['a', 1],
        ['b', 1],
      ],
    ),
    [0.5, 0.1, 0.3, 0.1],
    1.25,
  ],
  [
    'not known who has what',
    look(
      [
        ['a', 0],
        ['b', 0],
      ],
      undefined,
    ),
    undefined,
    undefined,
  ],
  [
    'not all of them',
    look(
      [['a', 0]],
      [
        ['a', 1],
        ['b', 1],
      ],
    ),
    undefined,
    undefined,
  ],
  ['nobody', look(), undefined, undefined],
] as const)('partitions are %s', (...[, given, shares, effective]) => {
  const worth = worthOf(given, shares);
  expect(worth && Number(worth.effective.toFixed(9))).toBe(effective);
});

test('not known during a rebalance: Kafka tells who had what before, and who has joined since', () => {
  const joined = look(
    [
      ['a', 0],
      ['b', 0],
      ['b', 1],
    ],
    [['a', 1]],
    [],
    [],
  );
  expect(worthOf(joined, undefined)).toEqual({ replicas: 4, effective: 4 / 3 });
  expect(worthOf({ ...joined, rebalancing: true }, undefined)).toBeUndefined();
});
