import { createRequire, Module } from 'node:module';

/**
 * kafkajs 2.2.4 encodes a record by some twenty small encoders, each with a zero-filled buffer of 512 bytes:
 * with the headers of an event that is half of the relay's CPU. This writes the same bytes into one buffer.
 * Record format: https://kafka.apache.org/documentation/#record
 *
 * Import it before kafkajs: kafkajs binds the encoder when it is loaded.
 */
type Content = string | Uint8Array | null | undefined;

export interface EncodableRecord {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  readonly key?: Content;
  readonly value?: Content;
  readonly headers?: Readonly<Record<string, Content | readonly Content[]>>;
}

interface EncoderClass {
  readonly prototype: object;
}

const MAX_NAMES = 200;
const nameBytes = new Map<string, Buffer>();

/** The bytes of one record, length included. Differs from kafkajs in speed only. */
export function encodeRecord(record: EncodableRecord): Buffer {
  const parts: Uint8Array[] = [];
  const key = contentBytes(record.key);
  const value = contentBytes(record.value);
  let headerCount = 0;
  let headersSize = 0;
  for (const [name, content] of Object.entries(record.headers ?? {})) {
    for (const item of Array.isArray(content) ? (content as Content[]) : [content as Content]) {
      const encodedName = encodeName(name);
      const bytes = contentBytes(item) ?? EMPTY;
      parts.push(encodedName, bytes);
      headerCount++;
      headersSize += encodedName.length + sizeOf(bytes.length) + bytes.length;
    }
  }
  const { offsetDelta = 0, timestampDelta = 0 } = record;
  const size =
    1 +
    sizeOf(timestampDelta) +
    sizeOf(offsetDelta) +
    sizeOfContent(key) +
    sizeOfContent(value) +
    sizeOf(headerCount) +
    headersSize;
  const buffer = Buffer.allocUnsafe(sizeOf(size) + size);
  let at = writeVarint(buffer, 0, size);
  buffer[at++] = 0;
  at = writeVarint(buffer, at, timestampDelta);
  at = writeVarint(buffer, at, offsetDelta);
  at = writeContent(buffer, at, key);
  at = writeContent(buffer, at, value);
  at = writeVarint(buffer, at, headerCount);
  for (let i = 0; i < parts.length; i += 2) {
    buffer.set(parts[i]!, at);
    at = writeContent(buffer, at + parts[i]!.length, parts[i + 1]);
  }
  return buffer;
}

const EMPTY = Buffer.alloc(0);

function contentBytes(content: Content): Uint8Array | undefined {
  if (content === null || content === undefined) return undefined;
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** A header's name with its length; there are few of them, so they are kept. */
function encodeName(name: string): Buffer {
  const known = nameBytes.get(name);
  if (known) return known;
  const bytes = Buffer.from(name);
  const encoded = Buffer.allocUnsafe(sizeOf(bytes.length) + bytes.length);
  encoded.set(bytes, writeVarint(encoded, 0, bytes.length));
  if (nameBytes.size < MAX_NAMES) nameBytes.set(name, encoded);
  return encoded;
}

/** Zigzag as an unsigned number; exact for |value| < 2^52. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

function sizeOf(value: number): number {
  let rest = zigzag(value);
  let bytes = 1;
  while (rest >= 128) {
    rest = Math.floor(rest / 128);
    bytes++;
  }
  return bytes;
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = zigzag(value);
  while (rest >= 128) {
    buffer[at++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  buffer[at++] = rest;
  return at;
}

const sizeOfContent = (content: Uint8Array | undefined): number =>
  content === undefined ? sizeOf(-1) : sizeOf(content.length) + content.length;

function writeContent(buffer: Buffer, at: number, content: Uint8Array | undefined): number {
  if (content === undefined) return writeVarint(buffer, at, -1);
  const start = writeVarint(buffer, at, content.length);
  buffer.set(content, start);
  return start + content.length;
}

const require = createRequire(import.meta.url);
const encoder = require('kafkajs/src/protocol/encoder.js') as EncoderClass;

/** What kafkajs has instead of its own. */
export function createRecord(record: EncodableRecord): object {
  const buf = encodeRecord(record);
  return Object.assign(Object.create(encoder.prototype) as object, { buf, offset: buf.length });
}

/** Puts it where kafkajs looks. Its own must not be required before: who hooks `require` may remember what came of it. */
function patch(): void {
  const path = require.resolve('kafkajs/src/protocol/recordBatch/record/v0/index.js');
  require.cache[path] = Object.assign(new Module(path), { exports: createRecord, loaded: true });
}

patch();
