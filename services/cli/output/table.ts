import type { Style, Terminal } from './terminal.ts';
import { cut, shown } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Gives way when the table is wider than the terminal. One per table. */
  readonly flexible?: boolean;
}

export type Cell = string | { readonly text: string; readonly style: Style };

const GAP = '  ';
const FLEXIBLE_MIN = 8;

/** Lines of a table: titles, then rows. Cells are shown safely and never wrapped. */
export function table(terminal: Terminal, columns: readonly Column[], rows: readonly Cell[][]): string[] {
  const texts = rows.map((row) => row.map((cell) => shown(typeof cell === 'string' ? cell : cell.text)));
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...texts.map((row) => row[at]?.length ?? 0)),
  );
  const total = widths.reduce((sum, width) => sum + width, GAP.length * (columns.length - 1));
  const flexible = columns.findIndex((column) => column.flexible);
  if (total > terminal.columns && flexible !== -1)
    widths[flexible] = Math.max(FLEXIBLE_MIN, widths[flexible]! - (total - terminal.columns));

  const line = (cells: readonly string[], style: (text: string, at: number) => string): string =>
    columns
      .map(({ align }, at) => {
        const text = cut(cells[at] ?? '', widths[at]!);
        const padding = ' '.repeat(widths[at]! - text.length);
        if (align === 'right') return padding + style(text, at);
        return at === columns.length - 1 ? style(text, at) : style(text, at) + padding;
      })
      .join(GAP)
      .trimEnd();

  const titles = line(
    columns.map(({ title }) => title),
    (text) => terminal.style('dim', text),
  );
  const body = texts.map((row, index) =>
    line(row, (text, at) => {
      const cell = rows[index]![at];
      return cell === undefined || typeof cell === 'string' ? text : terminal.style(cell.style, text);
    }),
  );
  return [titles, ...body];
}
