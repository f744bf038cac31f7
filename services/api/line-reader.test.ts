import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLines } from './line-reader.ts';

type Read = readonly [number, string | undefined];

async function read(chunks: readonly Buffer[], maxLineBytes = 1_000): Promise<Read[]> {
  const lines: Read[] = [];
  for await (const some of readLines(fromArray(chunks), maxLineBytes))
    for (const { number, bytes } of some) lines.push([number, bytes?.toString()]);
  return lines;
}

async function* fromArray(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

describe('readLines', () => {
  test('counts blank lines, but leaves them out', async () => {
    expect(await read([Buffer.from('a\n\n \t\r\nb\r\n\nc')])).toEqual([
      [1, 'a'],
      [4, 'b'],
      [6, 'c'],
    ]);
  });

  test('tells of a line that is too long, and goes on with the next', async () => {
    const chunks = ['123', '456', '\n12345\n', '123456\n1'].map((text) => Buffer.from(text));
    expect(await read(chunks, 5)).toEqual([
      [1, undefined],
      [2, '12345'],
      [3, undefined],
      [4, '1'],
    ]);
  });

  test('finds the same lines, however the stream is cut', async () => {
    const text = fc.array(fc.constantFrom('a', 'bc', '\n', '\r\n', ' ', 'ü', 'xxxxxxxx'), { maxLength: 40 });
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(text, cuts, async (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(''));
        expect(await read(cut(bytes, sizes), 6)).toEqual(await read([bytes], 6));
      }),
    );
  });

  test('keeps nothing of an endless line', async () => {
    const chunk = Buffer.alloc(65_536, 120);
    async function* endless(): AsyncGenerator<Buffer> {
      for (let n = 0; n < 2_000; n++) yield chunk;
    }
    const before = process.memoryUsage().arrayBuffers;
    for await (const [line] of readLines(endless(), 1_000))
      expect(line).toEqual({ number: 1, bytes: undefined });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
  });
});

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length]!;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
