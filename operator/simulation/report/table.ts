/** A Markdown table with its columns aligned, as the formatter leaves it; all but the first hold figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number): string =>
    column < texts ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  const line = (cells: readonly string[]): string => `| ${cells.map(pad).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column < texts ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** 12,345 */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
/** 12.3; from 100 on without decimals. */
export const figure = (value: number): string =>
  value >= 100 ? whole(value) : String(Number(value.toFixed(1)));
