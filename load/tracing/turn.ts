/** Who comes when in a round, the first round being 1: one place further each time. */
export function turn<Item>(items: readonly Item[], round: number): Item[] {
  const from = round % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
