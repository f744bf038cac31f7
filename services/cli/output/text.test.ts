import { expect, test } from 'vitest';
import { counted, cut, grouped, shown, span, wrap } from './text.ts';

test.each([
  ['plain, with ünïcode and 漢字', 'plain, with ünïcode and 漢字'],
  ['\u001b[2J\u001b]0;owned\u0007', '\\x1b[2J\\x1b]0;owned\\x07'],
  ['one\r\ntwo', 'one\\x0d\\x0atwo'],
  ['abc\u202ecba', 'abc\\u{202e}cba'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ud800', '\ufffd'],
])('shown escapes what is not printable: %j', (text, safe) => {
  expect(shown(text)).toBe(safe);
});

test.each([
  [-5, '0 ms'],
  [12.4, '12 ms'],
  [3_450, '3.4 s'],
  [59_999, '59.9 s'],
  [125_000, '2 min 5 s'],
  [12_000_000, '3 h 20 min'],
  [190_000_000, '2 d 4 h'],
])('span of %i ms', (ms, text) => {
  expect(span(ms)).toBe(text);
});

test('numbers', () => {
  expect([0, 999, 1_000, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([counted(1, 'row'), counted(2_000, 'row'), counted(2, 'entry', 'entries')]).toEqual([
    '1 row',
    '2,000 rows',
    '2 entries',
  ]);
});

test('cut and wrap keep to the width', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdefg', 6)).toBe('abcde…');
  expect(wrap('the quick brown fox jumps', 10, { hang: '  ' })).toEqual([
    'the quick',
    '  brown',
    '  fox',
    '  jumps',
  ]);
});
