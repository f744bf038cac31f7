/** One line of a stream, without its line feed. */
export interface Line {
  /** Counts from 1; blank lines count. */
  readonly number: number;
  /** Undefined: longer than allowed, its bytes were thrown away. */
  readonly bytes: Buffer | undefined;
}

const LINE_FEED = 0x0a;

/**
 * Cuts a stream of bytes into lines: yields, for each chunk that completes any, the lines it completes. Blank
 * lines are left out. No more than one unfinished line is kept, and of a line that is too long nothing: unlike
 * in split2, such a line is told of and has its number, and bytes are not decoded, so that bad UTF-8 shows.
 */
export async function* readLines(
  source: AsyncIterable<Buffer>,
  maxLineBytes: number,
): AsyncGenerator<Line[]> {
  const cutter = new LineCutter(maxLineBytes);
  for await (const chunk of source) {
    const lines = cutter.cut(chunk);
    if (lines.length > 0) yield lines;
  }
  const last = cutter.end();
  if (last.length > 0) yield last;
}

class LineCutter {
  private readonly maxLineBytes: number;
  private number = 1;
  private parts: Buffer[] = [];
  private length = 0;

  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /** The lines that end in this chunk. */
  cut(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      this.keep(chunk.subarray(start, end), false);
      this.finish(lines);
      start = end + 1;
    }
    this.keep(chunk.subarray(start), true);
    return lines;
  }

  /** The last line, when no line feed ends it. */
  end(): Line[] {
    const lines: Line[] = [];
    if (this.length > 0) this.finish(lines);
    return lines;
  }

  private keep(piece: Buffer, unfinished: boolean): void {
    this.length += piece.length;
    if (this.length > this.maxLineBytes) this.parts = [];
    // Copied if it has to last: a slice would keep the whole chunk in memory.
    else if (piece.length > 0) this.parts.push(unfinished ? Buffer.from(piece) : piece);
  }

  private finish(lines: Line[]): void {
    const bytes = this.length > this.maxLineBytes ? undefined : trimmed(this.parts);
    if (bytes === undefined || bytes.length > 0) lines.push({ number: this.number, bytes });
    this.number++;
    this.parts = [];
    this.length = 0;
  }
}

/** The line without spaces, tabs and carriage returns at either end. */
function trimmed(parts: readonly Buffer[]): Buffer {
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start]!)) start++;
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  return bytes.subarray(start, end);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
