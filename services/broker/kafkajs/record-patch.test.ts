import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord, encodeRecordByKafkajs } from './record-patch.ts';

const content = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

test('writes the same bytes as kafkajs', () => {
  fc.assert(
    fc.property(
      fc.record({
        offsetDelta: fc.integer({ min: 0, max: 2_000_000 }),
        timestampDelta: fc.integer({ min: -1_000_000, max: 2_000_000_000 }),
        key: fc.option(content),
        value: fc.option(content),
        headers: fc.dictionary(
          fc.string({ minLength: 1, maxLength: 40 }).filter((name) => name !== '__proto__'),
          fc.oneof(content, fc.array(content, { maxLength: 3 })),
        ),
      }),
      (record) => {
        expect(encodeRecord(record).equals(encodeRecordByKafkajs(record).buffer)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
