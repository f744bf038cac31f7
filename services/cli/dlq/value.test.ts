import { expect, test } from 'vitest';
import { valueLines } from './value.ts';

test.each<[string, Buffer | null, string[]]>([
  ['null', null, ['none (null)']],
  ['nothing', Buffer.alloc(0), ['empty (0 bytes)']],
  ['text', Buffer.from('{"a":"€"}'), ['11 bytes, UTF-8', '{"a":"€"}']],
  ['text that plays tricks', Buffer.from('a\u001b[2J\nb'), ['7 bytes, UTF-8', 'a\\x1b[2J', 'b']],
  [
    'bytes',
    Buffer.from([0xff, 0x00, 0x41]),
    ['3 bytes, not UTF-8', '00000000  ff 00 41                                         ..A'],
  ],
])('%s', (_name, value, lines) => {
  expect(valueLines(value)).toEqual(lines);
});

test('a long text is cut, in the middle of a character too', () => {
  const lines = valueLines(Buffer.from(`a${'€'.repeat(3_000)}`));
  expect(lines[0]).toBe('9,001 bytes, UTF-8');
  expect(lines[1]).toMatch(/^a€+$/);
  expect(lines[2]).toBe('… and 4,905 bytes more');
});

test('long bytes are cut', () => {
  const lines = valueLines(Buffer.alloc(5_000, 0xff));
  expect(lines).toHaveLength(1 + 256 + 1);
  expect(lines.at(-1)).toBe('… and 904 bytes more');
});
