/**
 * Who comes when, the first slice being 1: one place further each time, and the other way round every second time, so
 * that what comes before or after whom favours nobody.
 */
export function turn<Item>(items: readonly Item[], slice: number): Item[] {
  const from = slice % items.length;
  const turned = [...items.slice(from), ...items.slice(0, from)];
  return Math.floor(slice / items.length) % 2 === 0 ? turned : turned.toReversed();
}
