import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Findings } from './assemble.ts';
import { assemble } from './assemble.ts';
import { ReadFailure } from './failure.ts';

const request = { scaler: 's', connection: 'c', consumerGroup: 'g', topics: ['a', 'b'] };
const whole: Findings = {
  partitions: (topic) => (topic === 'a' ? [0, 1] : [0]),
  group: () => ({ state: 'Stable', members: [] }),
  committed: (_group, _topic, partition) => ({ offset: partition === 1 ? undefined : 3, load: undefined }),
  begin: () => 1,
  end: () => 9,
};
const failure = new ReadFailure('PartitionLeaderless', 'no leader');

test('every partition of every topic', () => {
  expect(assemble(request, whole)).toEqual({
    kind: 'known',
    group: { state: 'Stable', members: [] },
    partitions: [
      { topic: 'a', partition: 0, begin: 1, end: 9, committed: 3, load: undefined },
      { topic: 'a', partition: 1, begin: 1, end: 9, committed: undefined, load: undefined },
      { topic: 'b', partition: 0, begin: 1, end: 9, committed: 3, load: undefined },
    ],
  });
});

test.each(['partitions', 'group', 'committed', 'begin', 'end'] as const)(
  'anything that is missing in %s makes the whole reading unknown',
  (part) => {
    expect(assemble(request, { ...whole, [part]: () => failure })).toBe(failure);
  },
);

test('one partition that is missing is enough, whichever it is', () => {
  const place = fc.constantFrom(['a', 0] as const, ['a', 1] as const, ['b', 0] as const);
  const part = fc.constantFrom('begin' as const, 'end' as const);
  fc.assert(
    fc.property(place, part, ([topic, partition], which) => {
      const one = (t: string, p: number) => (t === topic && p === partition ? failure : 5);
      expect(assemble(request, { ...whole, [which]: one })).toBe(failure);
    }),
  );
});
