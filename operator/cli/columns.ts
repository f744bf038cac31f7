/** Lines with their columns aligned, two blanks apart; those of `right` to the right. */
export function columns(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
  indent = '  ',
): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

/** 12,345; 12.3 below a hundred; `?` where it is not known. */
export function figure(value: number | undefined): string {
  if (value === undefined) return '?';
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 });
}
