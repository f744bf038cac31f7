import { counted, shown } from '../output/text.ts';

const BYTES_SHOWN = 4_096;
const BYTES_PER_LINE = 16;
/** Half a character may have been cut off at the end. */
const UTF8_TAIL = 3;

/**
 * Bytes of a record for people: as text where they are UTF-8, line by line, else as a hex dump. Long ones are
 * cut; the number of bytes is always told.
 */
export function valueLines(value: Buffer | null): string[] {
  if (value === null) return ['none (null)'];
  if (value.length === 0) return ['empty (0 bytes)'];
  const part = value.subarray(0, BYTES_SHOWN);
  const text = asText(part, value.length > part.length);
  const lines = text === undefined ? hexDump(part) : text.split('\n').map((line) => shown(line));
  const rest = value.length - part.length;
  return [
    `${counted(value.length, 'byte')}, ${text === undefined ? 'not UTF-8' : 'UTF-8'}`,
    ...lines,
    ...(rest > 0 ? [`… and ${counted(rest, 'byte')} more`] : []),
  ];
}

/** Undefined when it is not UTF-8. */
function asText(bytes: Buffer, wasCut: boolean): string | undefined {
  for (let drop = 0; drop <= (wasCut ? UTF8_TAIL : 0); drop++) {
    try {
      const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      return utf8.decode(bytes.subarray(0, bytes.length - drop));
    } catch {
      // Perhaps one byte less.
    }
  }
  return undefined;
}

/** 00000010  7b 22 69 64 22 3a …  {"id":… */
function hexDump(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE) {
    const row = bytes.subarray(at, at + BYTES_PER_LINE);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(BYTES_PER_LINE * 3)} ${text}`);
  }
  return lines;
}
