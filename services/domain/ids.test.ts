import { createHash, randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bulkLineIds, firstIdAt, isUuid, madeAtMs, newTraceparent, traceIdOf } from './ids.ts';

const batch = fc.string({ minLength: 1, maxLength: 80 });
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const line = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 36 - 1 }),
  fc.constantFrom(0, 1, 2 ** 24 - 1, 2 ** 24, 2 ** 32, 2 ** 36 - 1),
);

const bulkLineId = (name: string, ms: number, n: number): string => bulkLineIds(name, ms)(n);

/** The layout bit by bit, hashed anew for each line: what the ids that are stored already were made by. */
function bulkLineIdByBits(name: string, ms: number, n: number): string {
  const hash = BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 16)}`) % 2n ** 38n;
  const high = (BigInt(ms) << 16n) | 0x8000n | (BigInt(n) >> 24n);
  const low = (2n << 62n) | ((BigInt(n) % 2n ** 24n) << 38n) | hash;
  const hex = ((high << 64n) | low).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

test('ids stay what they were: by batch, time and line, in any order of lines', () => {
  fc.assert(
    fc.property(batch, time, fc.array(line, { minLength: 1, maxLength: 20 }), (name, ms, lines) => {
      const idOf = bulkLineIds(name, ms);
      expect(lines.map((n) => idOf(n))).toEqual(lines.map((n) => bulkLineIdByBits(name, ms, n)));
    }),
  );
  expect(bulkLineId('b', 1_700_000_000_000, 20_000_000)).toBe('018bcfe5-6800-8001-8c4b-40160039594a');
});

test('the id of a line is a UUID, the same each time, and tells when its batch was made', () => {
  fc.assert(
    fc.property(batch, time, line, (name, ms, n) => {
      const id = bulkLineId(name, ms, n);
      expect(isUuid(id)).toBe(true);
      expect(bulkLineId(name, ms, n)).toBe(id);
      expect(madeAtMs(id)).toBe(ms);
      expect(id[14]).toBe('8');
    }),
  );
});

test('lines of a batch sort by their number, and no two are equal', () => {
  fc.assert(
    fc.property(batch, time, line, line, (name, ms, a, b) => {
      const [first, second] = [bulkLineId(name, ms, a), bulkLineId(name, ms, b)];
      expect(Math.sign(a - b)).toBe(first < second ? -1 : first > second ? 1 : 0);
    }),
  );
});

test('the same line of another batch, or of another time, is another id', () => {
  fc.assert(
    fc.property(batch, batch, time, line, (one, other, ms, n) => {
      fc.pre(one !== other);
      expect(bulkLineId(one, ms, n)).not.toBe(bulkLineId(other, ms, n));
    }),
  );
  expect(bulkLineId('b', 1, 0)).not.toBe(bulkLineId('b', 2, 0));
});

test('the first id of a millisecond lies between the ids before it and those of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 48 - 2 }), batch, line, (ms, name, n) => {
      const first = firstIdAt(ms);
      expect(isUuid(first)).toBe(true);
      expect(madeAtMs(first)).toBe(ms);
      expect(bulkLineId(name, ms - 1, n) < first).toBe(true);
      expect(bulkLineId(name, ms, n) >= first).toBe(true);
      expect(bulkLineId(name, ms + 1, n) > first).toBe(true);
    }),
  );
  const nowMs = Date.now();
  expect(randomUUIDv7() >= firstIdAt(nowMs - 1)).toBe(true);
  expect(randomUUIDv7() < firstIdAt(nowMs + 60_000)).toBe(true);
  expect(isUuid(firstIdAt(-5))).toBe(true);
});

test.each(['', 'x', randomUUIDv7().toUpperCase(), `${randomUUIDv7()} `, `urn:uuid:${randomUUIDv7()}`])(
  'is not a UUID in canonical form: %j',
  (text) => {
    expect(isUuid(text)).toBe(false);
  },
);

test('a traceparent is of the W3C form, unsampled, and holds its trace id', () => {
  const traceparent = newTraceparent();
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(traceIdOf(traceparent)).toBe(traceparent.split('-')[1]);
});
