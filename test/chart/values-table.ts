import type { Pair, YAMLMap } from 'yaml';
import { isMap, isPair, isScalar, parseDocument } from 'yaml';

const COMMENT = /^\s*-- ?/;
/** A map that is documented as a whole is one row when it is this short. */
const SHORT = 60;

interface Row {
  readonly key: string;
  readonly fallback: string;
  readonly description: string;
}

/** A Markdown table of every value, with what `# -- ` comments above them say. */
export function renderValuesTable(text: string): string {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error('Values must be a map.');
  return table(
    ['Key', 'Default', 'What it is'],
    rowsOf(contents, '').map(({ key, fallback, description }) => [key, fallback, description]),
  );
}

function rowsOf(map: YAMLMap, prefix: string): Row[] {
  return map.items.flatMap((item) => {
    if (!isPair(item) || !isScalar(item.key)) return [];
    const key = `${prefix}${String(item.key.value)}`;
    const description = descriptionOf(item, map);
    const inner = item.value;
    if (isMap(inner) && inner.items.length > 0 && JSON.stringify(inner.toJSON()).length > SHORT) {
      const own = description ? [{ key: `\`${key}\``, fallback: '', description }] : [];
      return [...own, ...rowsOf(inner, `${key}.`)];
    }
    const value: unknown = isScalar(inner)
      ? inner.value
      : isMap(inner)
        ? inner.toJSON()
        : JSON.parse(JSON.stringify(inner));
    return [
      { key: `\`${key}\``, fallback: `\`${JSON.stringify(value).replaceAll('|', '\\|')}\``, description },
    ];
  });
}

/** The parser hands the comment above the first key of a map to the map. */
function descriptionOf(item: Pair, map: YAMLMap): string {
  const key = item.key as { commentBefore?: string | null };
  const first = map.items[0] === item ? map.commentBefore : undefined;
  const lines = (key.commentBefore ?? first ?? '').split('\n').filter((line) => COMMENT.test(line));
  return lines
    .map((line) => line.replace(COMMENT, ''))
    .join(' ')
    .replaceAll('|', '\\|');
}

/** With its columns aligned, as the formatter leaves it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}
