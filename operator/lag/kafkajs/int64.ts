import type { Decoder } from './internals.ts';

/** An INT64 as a number. Offsets are below 2^53 in practice, and kafkajs makes a BigInt and a text of each. */
export function readInt64(decoder: Decoder): number {
  const high = decoder.readInt32();
  return high * 2 ** 32 + (decoder.readInt32() >>> 0);
}
