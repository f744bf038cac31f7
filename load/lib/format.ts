/** How figures are written in reports: always the same way, always with their unit. */

const NONE = 'n/a';

/** Up to three significant digits above 100, one decimal below. */
export function rate(value: number): string {
  return value >= 100 ? group(Math.round(value)) : value.toFixed(1);
}

/** A whole number with commas. */
export function group(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

export function ms(value: number | undefined): string {
  if (value === undefined) return NONE;
  return `${value >= 100 ? group(value) : value.toFixed(1)} ms`;
}

export function seconds(value: number | undefined): string {
  return value === undefined ? NONE : `${value.toFixed(1)} s`;
}

/** CPU time per transaction. */
export function micros(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? NONE : `${group(value)} us`;
}

export function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? NONE : `${group(bytes / 2 ** 20)} MiB`;
}

/** A Markdown table; the first column is text, the others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
