import { expect, test } from 'vitest';
import { table } from './table.ts';
import { fakeTerminal } from './terminal.fixture.ts';

const columns = [
  { title: 'ID', align: 'right' },
  { title: 'TEXT', flexible: true },
  { title: 'END' },
] as const;

test('aligns', () => {
  const rows = [
    ['7', 'short', 'x'],
    ['1234', 'longer text', 'y'],
  ];
  expect(table(fakeTerminal().terminal, columns, rows)).toEqual([
    '  ID  TEXT         END',
    '   7  short        x',
    '1234  longer text  y',
  ]);
});

test('cuts the flexible column so that a line fits, and shows text safely', () => {
  const lines = table(fakeTerminal().terminal, columns, [['1', `\u001b[31m${'a'.repeat(300)}`, 'end']]);
  expect(lines[1]).toHaveLength(100);
  expect(lines[1]).toMatch(/^ 1  \\x1b\[31ma+…  end$/);
});

test('colours do not count as width', () => {
  const { terminal } = fakeTerminal();
  const coloured = { ...terminal, style: (_style: string, text: string) => `<${text}>` };
  const rows = [[{ text: '1', style: 'red' as const }, 'a', 'b']];
  expect(table(coloured, columns, rows)).toEqual(['<ID>  <TEXT>  <END>', ' <1>  a     b']);
});
