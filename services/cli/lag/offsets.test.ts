import { describe, expect, test } from 'vitest';
import { encodeCommitMetadata } from '../../runtime/commit-metadata.ts';
import type { Reading } from './offsets.ts';
import { lagOf, ratesOf, replicasOf } from './offsets.ts';

/** Partition by partition: low, high, committed (undefined: never), metadata. */
type Partition = readonly [low: number, high: number, committed: number | undefined, metadata?: string];

const reading = (partitions: readonly Partition[], atMs = 0): Reading => ({
  atMs,
  offsets: partitions.map(([low, high], partition) => ({ partition, low: BigInt(low), high: BigInt(high) })),
  committed: partitions.map(([, , committed, metadata], partition) => ({
    partition,
    offset: committed === undefined ? undefined : BigInt(committed),
    metadata,
  })),
});

describe('lagOf', () => {
  const known = (records: number) => ({ kind: 'known', records });
  const unknown = (reason: string) => ({ kind: 'unknown', reason });

  test.each<[string, readonly Partition[], object]>([
    [
      'the sum of the partitions',
      [
        [0, 10, 4],
        [0, 5, 5],
      ],
      known(6),
    ],
    ['what was deleted before it was read is not waited for', [[8, 10, 4]], known(2)],
    ['an empty topic that nobody has read', [[0, 0, undefined]], known(0)],
    [
      'never committed, but there are records',
      [
        [0, 10, 10],
        [0, 3, undefined],
      ],
      unknown('nothing was ever committed on partition 1'),
    ],
    [
      'a new topic under the old name',
      [[0, 2, 900]],
      unknown('the commit lies beyond the end of partition 0'),
    ],
    ['no partitions', [], unknown('the topic has no partitions')],
  ])('%s', (_name, partitions, lag) => {
    expect(lagOf(reading(partitions))).toEqual(lag);
  });

  test('a partition that the answer leaves out is unknown, not zero', () => {
    const { offsets } = reading([[0, 5, 0]]);
    expect(lagOf({ atMs: 0, offsets, committed: [] })).toMatchObject({ kind: 'unknown' });
  });
});

describe('ratesOf', () => {
  test('per second, over all partitions', () => {
    const first = reading(
      [
        [0, 10, 4],
        [0, 20, 20],
      ],
      1_000,
    );
    const second = reading(
      [
        [0, 30, 14],
        [0, 30, 30],
      ],
      3_000,
    );
    expect(ratesOf(first, second)).toEqual({ inPerSecond: 15, outPerSecond: 10 });
  });

  test('nothing is said when offsets went backwards, or no time went by', () => {
    const reset = reading([[0, 2, 1]], 2_000);
    expect(ratesOf(reading([[0, 30, 14]], 1_000), reset)).toBeUndefined();
    expect(ratesOf(reset, reset)).toBeUndefined();
  });
});

describe('replicasOf', () => {
  const says = (r: string, b: number, n: number, f = 0): string => encodeCommitMetadata({ v: 1, r, b, n, f });

  test('load between the readings, by the newest commit of each', () => {
    const first = [
      reading(
        [
          [0, 9, 1, says('a', 10, 100)],
          [0, 9, 1, says('a', 9, 90)],
        ],
        0,
      ),
    ];
    const second = [
      reading(
        [
          [0, 9, 2, says('a', 10.5, 140, 3)],
          [0, 9, 2, says('a', 11, 180, 7)],
        ],
        2_000,
      ),
    ];
    expect(replicasOf(first, second)).toEqual([
      { replica: 'a', partitions: 2, inFlight: 7, busy: 0.5, donePerSecond: 40 },
    ]);
  });

  test('of one that has committed nothing new, or was not there before, no load is known', () => {
    const first = [reading([[0, 9, 1, says('old', 10, 100)]], 0)];
    const second = [
      reading(
        [
          [0, 9, 1, says('old', 10, 100)],
          [0, 9, 1, says('new', 1, 10)],
        ],
        1_000,
      ),
    ];
    const loads = replicasOf(first, second).map(({ replica, busy }) => [replica, busy]);
    expect(loads).toEqual([
      ['new', undefined],
      ['old', undefined],
    ]);
  });

  test('metadata of other clients is passed over', () => {
    const readings = [
      reading([
        [0, 9, 1, 'something else'],
        [0, 9, 1],
      ]),
    ];
    expect(replicasOf(readings, readings)).toEqual([]);
  });
});
