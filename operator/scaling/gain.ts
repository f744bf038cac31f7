/** Records that went into the stages upstream, and that came out into this one's topics; older ones weigh less. */
export interface Gain {
  readonly settledUpstream: number;
  readonly written: number;
  /** Written per settled, when there was last enough of both to tell. */
  readonly ratio: number | undefined;
}

export const NO_GAIN: Gain = { settledUpstream: 0, written: 0, ratio: undefined };

/** Seconds after which records weigh 1/e. */
const MEMORY_SECONDS = 60;

const ENOUGH = 30;

/**
 * Takes in what was settled upstream and written here between two looks. The gain is written / settled: 1 in a
 * chain, more after a fan-out, less after a filter.
 *
 * Source: the selectivity of DS2, the edge output ratio of Flink's autoscaler.
 */
export function withFlow(
  before: Gain,
  settledUpstream: number,
  written: number,
  elapsedSeconds: number,
): Gain {
  const decay = Math.exp(-elapsedSeconds / MEMORY_SECONDS);
  const settled = before.settledUpstream * decay + Math.max(0, settledUpstream);
  const out = before.written * decay + Math.max(0, written);
  return { settledUpstream: settled, written: out, ratio: settled >= ENOUGH ? out / settled : before.ratio };
}
