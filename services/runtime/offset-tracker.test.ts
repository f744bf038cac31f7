import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OffsetTracker } from './offset-tracker.ts';

test('commits the end of the unbroken run of finished messages, in whatever order they finish', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.bigInt({ min: 0n, max: 10_000n }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      (unsorted, picks) => {
        const offsets = unsorted.toSorted((a, b) => (a < b ? -1 : 1));
        const tracker = new OffsetTracker();
        const finish = offsets.map((offset) => tracker.add(String(offset)));
        const done = new Set<number>();
        let committed: string | undefined;
        for (const pick of picks) {
          const index = pick % offsets.length;
          done.add(index);
          finish[index]!();
          committed = tracker.take() ?? committed;
          const run = offsets.findIndex((_, i) => !done.has(i));
          const last = run === -1 ? offsets.length - 1 : run - 1;
          expect(committed).toBe(last < 0 ? undefined : String(offsets[last]! + 1n));
        }
      },
    ),
  );
});

test('tells an offset that lies behind', () => {
  const tracker = new OffsetTracker();
  expect(tracker.isBehind('0')).toBe(false);
  tracker.add('5');
  expect(tracker.isBehind('5')).toBe(true);
  expect(tracker.isBehind('4')).toBe(true);
  expect(tracker.isBehind('9')).toBe(false);
});

test('offers an offset once, and again after a failed commit', () => {
  const tracker = new OffsetTracker();
  tracker.add('0')();
  expect(tracker.take()).toBe('1');
  expect(tracker.take()).toBeUndefined();
  tracker.untake();
  expect(tracker.take()).toBe('1');
});

test('stays small over a long run', () => {
  const tracker = new OffsetTracker();
  for (let i = 0; i < 50_000; i++) tracker.add(String(i))();
  expect(tracker.take()).toBe('50000');
});
