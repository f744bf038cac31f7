/**
 * Who comes when, the first slice being 1: one place further each time. After as many slices as there are items each
 * has been in every place, and each has waited as long as any other since its last turn: one that has just been loaded
 * is faster.
 */
export function turn<Item>(items: readonly Item[], slice: number): Item[] {
  const from = slice % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
