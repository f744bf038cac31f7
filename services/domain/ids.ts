import { createHash, randomBytes } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether `text` is a UUID in canonical lower-case form (RFC 9562). */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

function format(bytes: Buffer): string {
  const h = bytes.toString('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** The smallest UUIDv7 of a millisecond: `id < firstIdAt(t)` means "accepted before t". */
export function firstIdAt(unixMs: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, Math.floor(unixMs)), 0, 6);
  bytes[6] = 0x70;
  bytes[8] = 0x80;
  return format(bytes);
}

/**
 * Makes the ids of the lines of one bulk submission by line number: a pure function of the batch and the line,
 * so that a batch that is sent again finds what it stored. UUIDv8 (RFC 9562 section 5.8) laid out like a UUIDv7:
 * 48 bits of the batch's creation time in ms, 36 bits of line number, 38 bits of SHA-256 of the batch id.
 * Lines of a batch therefore sort by line number and land next to each other in the index. The batch is hashed
 * once, here: to do it for each line would cost more than all else about the id.
 */
export function bulkLineIds(batchId: string, batchCreatedMs: number): (line: number) => string {
  const hash = createHash('sha256').update(batchId).digest().readBigUInt64BE(0);
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.floor(batchCreatedMs), 0, 6);
  const low32 = Number(hash & 0xffff_ffffn);
  const next6 = Number((hash >> 32n) & 0x3fn);
  bytes.writeUInt32BE(low32, 12);
  return (line) => {
    bytes.writeUInt16BE(0x8000 | Math.floor(line / 2 ** 24), 6);
    // Variant 0b10, then the 24 low bits of the line number, then 6 of the 38 bits of the hash.
    bytes.writeUInt32BE(0x8000_0000 + (line % 2 ** 24) * 64 + next6, 8);
    return format(bytes);
  };
}

/** Random bytes are drawn many at a time: a call for 24 of them costs as much as one for thousands. */
const RANDOM_BYTES = 24 * 256;
let random = '';
let randomAt = 0;

/** A fresh W3C traceparent, unsampled, for a transaction that arrives without one while tracing is off. */
export function newTraceparent(): string {
  if (randomAt >= random.length) {
    random = randomBytes(RANDOM_BYTES).toString('hex');
    randomAt = 0;
  }
  const h = random.slice(randomAt, (randomAt += 48));
  return `00-${h.slice(0, 32)}-${h.slice(32)}-00`;
}

/** The trace id inside a W3C traceparent (version-traceid-parentid-flags). */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** Unix ms at which an id of ours was made (the 48 leading bits of UUIDv7 and of `bulkLineIds`). */
export function madeAtMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
