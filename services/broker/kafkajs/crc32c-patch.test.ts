import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c, crc32cByKafkajs } from './crc32c-patch.ts';

test('agrees with the check value of CRC-32C (RFC 3720, appendix B.4)', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

test('agrees with kafkajs', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => {
      expect(crc32c(bytes)).toBe(crc32cByKafkajs(bytes));
    }),
    { numRuns: 300 },
  );
});
