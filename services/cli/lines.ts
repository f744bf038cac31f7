/**
 * The lines of a stream of UTF-8, without their ends; the last one may lack it. Rejects as the stream does, so a
 * stream that was cut off is not taken for a whole one.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const utf8 = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + utf8.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  rest += utf8.decode();
  if (rest !== '') yield rest;
}
