import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCommitMetadata, encodeCommitMetadata } from './commit-metadata.ts';
import { LoadMeter } from './load-meter.ts';

test('ten seconds at a quarter of the capacity are 2.5 busy seconds', () => {
  let nowMs = 0;
  const meter = new LoadMeter(8, () => nowMs);
  const ends = [meter.begin(), meter.begin()];
  nowMs = 10_000;
  for (const end of ends) end();
  nowMs = 20_000;
  expect(meter.busySeconds()).toBe(2.5);
});

test('is the integral of the capacity in use, never falls, and never exceeds the time that has passed', () => {
  const action = fc.record({ waitMs: fc.nat(1_000), begin: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 60 }), (capacity, actions) => {
      let nowMs = 5;
      let expected = 0;
      let before = 0;
      const meter = new LoadMeter(capacity, () => nowMs);
      const open: (() => void)[] = [];
      for (const { waitMs, begin } of actions) {
        nowMs += waitMs;
        expected += (waitMs / 1_000) * Math.min(1, open.length / capacity);
        const busy = meter.busySeconds();
        expect(busy).toBeCloseTo(expected, 6);
        expect(busy).toBeGreaterThanOrEqual(before);
        expect(busy).toBeLessThanOrEqual((nowMs - 5) / 1_000 + 1e-9);
        before = busy;
        if (begin) open.push(meter.begin());
        else open.shift()?.();
      }
    }),
  );
});

test('ending twice counts once', () => {
  let nowMs = 0;
  const meter = new LoadMeter(1, () => nowMs);
  const end = meter.begin();
  end();
  end();
  const other = meter.begin();
  nowMs = 1_000;
  expect(meter.busySeconds()).toBe(1);
  other();
});

test('the metadata of a commit is read back as it was written, and is small', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 64 }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.nat(),
      fc.nat(),
      (r, b, n, f) => {
        const text = encodeCommitMetadata({ v: 1, r, b, n, f });
        expect(text.length).toBeLessThan(600);
        const read = decodeCommitMetadata(text)!;
        expect(read).toMatchObject({ v: 1, r, n, f });
        expect(read.b).toBeCloseTo(b, 2);
      },
    ),
  );
  expect(encodeCommitMetadata({ v: 1, r: 'a1b2', b: 1.23456, n: 7, f: 2 })).toBe(
    '{"v":1,"r":"a1b2","b":1.235,"n":7,"f":2}',
  );
});

test.each(['', 'x', '{}', 'null', '{"v":2,"r":"a","b":1,"n":1,"f":1}', '{"v":1,"r":"a","b":-1,"n":1,"f":1}'])(
  'metadata of some other client is none: %s',
  (text) => {
    expect(decodeCommitMetadata(text)).toBeUndefined();
  },
);
