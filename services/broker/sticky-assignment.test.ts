import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GroupMember, Owned } from './sticky-assignment.ts';
import { assignSticky } from './sticky-assignment.ts';

const NOTHING: Owned = {};
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const members = (...ids: string[]): GroupMember[] => ids.map((id) => ({ id, owned: NOTHING }));
const asMembers = (assigned: ReadonlyMap<string, Owned>): GroupMember[] =>
  [...assigned].map(([id, owned]) => ({ id, owned }));

const anyOwned = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'gone'),
  fc.array(fc.nat(30), { maxLength: 12 }),
);
const anyMembers = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 9 })
  .chain((ids) => fc.tuple(...ids.map((id) => anyOwned.map((owned): GroupMember => ({ id, owned })))));
const anyTopics = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(25))
  .map((counts) => new Map(Object.entries(counts).map(([topic, count]) => [topic, range(count)])));

describe('whatever the members say they had', () => {
  test('every partition has one owner, and nobody has two more than another', () => {
    fc.assert(
      fc.property(anyMembers, anyTopics, (group, topics) => {
        const assigned = assignSticky(group, topics);
        expect(new Set(assigned.keys())).toEqual(new Set(group.map(({ id }) => id)));
        for (const [topic, partitions] of topics) {
          const shares = [...assigned.values()].map((owned) => owned[topic]!);
          expect(shares.flat().toSorted((a, b) => a - b)).toEqual(partitions);
          const sizes = shares.map(({ length }) => length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        }
        const totals = [...assigned.values()].map((owned) => Object.values(owned).flat().length);
        expect(Math.max(...totals) - Math.min(...totals)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('dealt out once more it is the same, in whatever order they come', () => {
    fc.assert(
      fc.property(anyMembers, anyTopics, (group, topics) => {
        const assigned = assignSticky(group, topics);
        expect(assignSticky(group.toReversed(), new Map([...topics].toReversed()))).toEqual(assigned);
        const again = assignSticky(asMembers(assigned), topics);
        for (const [id, owned] of again)
          for (const topic of topics.keys())
            expect(new Set(owned[topic])).toEqual(new Set(assigned.get(id)![topic]));
      }),
    );
  });

  test('of one topic, nothing goes from one that stays to another one that stays', () => {
    const counts = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(40));
    fc.assert(
      fc.property(counts, fc.boolean(), ([before, after, partitions], newest) => {
        const topics = new Map([['a', range(partitions)]]);
        const names = range(Math.max(before, after)).map((n) => `m${n}`);
        const had = assignSticky(members(...names.slice(0, before)), topics);
        // Those that leave may be the first or the last by name.
        const stay = newest ? names.slice(0, after) : names.slice(-after);
        const owned = (id: string): Owned => had.get(id) ?? NOTHING;
        const has = assignSticky(
          stay.map((id) => ({ id, owned: owned(id) })),
          topics,
        );
        const stayed = stay.filter((id) => had.has(id));
        const kept = new Map(stayed.flatMap((id) => owned(id)['a']!.map((partition) => [partition, id])));
        for (const id of stayed)
          for (const partition of has.get(id)!['a']!) expect(kept.get(partition) ?? id).toBe(id);
      }),
    );
  });
});

test('a first deal is like cards; a second member takes half, a third what is over', () => {
  const topics = new Map([['a', range(6)]]);
  const one = assignSticky(members('m'), topics);
  expect(one).toEqual(new Map([['m', { a: [0, 1, 2, 3, 4, 5] }]]));
  const two = assignSticky([...asMembers(one), ...members('k')], topics);
  expect(two).toEqual(
    new Map([
      ['k', { a: [3, 4, 5] }],
      ['m', { a: [0, 1, 2] }],
    ]),
  );
  const three = assignSticky([...asMembers(two), ...members('z')], topics);
  expect(three).toEqual(
    new Map([
      ['k', { a: [3, 4] }],
      ['m', { a: [0, 1] }],
      ['z', { a: [2, 5] }],
    ]),
  );
  expect(assignSticky(members('x', 'y'), topics).get('y')).toEqual({ a: [1, 3, 5] });
});

test('more members than partitions: some have none', () => {
  const assigned = assignSticky(members('x', 'y', 'z'), new Map([['a', [0, 1]]]));
  expect([...assigned.values()]).toEqual([{ a: [0] }, { a: [1] }, { a: [] }]);
  expect(assignSticky([], new Map([['a', [0]]]))).toEqual(new Map());
});
