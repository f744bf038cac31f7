import { expect, test } from 'vitest';
import { linesOf } from './lines.ts';

async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('cuts at line feeds, whatever the chunks', async () => {
  const euro = bytes('a€\nb');
  const found = await Array.fromAsync(
    linesOf(chunks(euro.subarray(0, 2), euro.subarray(2), bytes('c\n\n'), bytes('end'))),
  );
  expect(found).toEqual(['a€', 'bc', '', 'end']);
});

test('an empty stream has no lines', async () => {
  expect(await Array.fromAsync(linesOf(chunks()))).toEqual([]);
});

test('a stream that breaks is not taken for one that has ended', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield bytes('one\ntw');
    throw new Error('cut off');
  }
  await expect(Array.fromAsync(linesOf(broken()))).rejects.toThrow('cut off');
});
