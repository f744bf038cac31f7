/** When messages of one partition were settled, unix ms, in any order. */
export type Settlements = ReadonlyMap<number, readonly number[]>;

export interface Window {
  /** Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The longest time, in ms, in which a partition settled nothing, for each partition. A gap counts that ends after the
 * window has begun, from its very beginning: what was settled last before a change is where its pause begins.
 * A partition that never settles again has a gap to the end of the window.
 */
export function longestGaps(settlements: Settlements, { fromMs, toMs }: Window): number[] {
  return [...settlements.values()].map((times) => {
    const sorted = times.filter((at) => at <= toMs).toSorted((a, b) => a - b);
    const first = Math.max(
      0,
      sorted.findLastIndex((at) => at <= fromMs),
    );
    const marks = [...sorted.slice(first), toMs];
    return marks.slice(1).reduce((longest, at, index) => Math.max(longest, at - marks[index]!), 0);
  });
}
