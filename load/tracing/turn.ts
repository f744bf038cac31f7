/** Who comes when in a round, the first round being 1: one place further each time. */
export function turn<Item>(items: readonly Item[], round: number): Item[] {
  const from = round % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}

/** The same, every other time the other way round: whoever comes before another does so as often as after it. */
export function balancedTurn<Item>(items: readonly Item[], time: number): Item[] {
  const order = turn(items, time);
  return time % 2 === 0 ? order : order.toReversed();
}
