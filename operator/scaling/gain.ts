/** Records that went into the stages upstream, and that came out into this one's topics; older ones weigh less. */
export interface Gain {
  readonly settledUpstream: number;
  readonly written: number;
}

export const NO_GAIN: Gain = { settledUpstream: 0, written: 0 };

/** Seconds after which records weigh 1/e. */
const MEMORY_SECONDS = 60;

/** Takes in what was settled upstream and written here between two looks. */
export function withFlow(
  before: Gain,
  settledUpstream: number,
  written: number,
  elapsedSeconds: number,
): Gain {
  const decay = Math.exp(-elapsedSeconds / MEMORY_SECONDS);
  return {
    settledUpstream: before.settledUpstream * decay + Math.max(0, settledUpstream),
    written: before.written * decay + Math.max(0, written),
  };
}

/**
 * Records written here for each record settled upstream: 1 in a chain, more after a fan-out, less after a filter.
 * Undefined until enough has run through.
 *
 * Source: the selectivity of DS2, the edge output ratio of Flink's autoscaler.
 */
export function gainOf({ settledUpstream, written }: Gain): number | undefined {
  return settledUpstream >= 30 ? written / settledUpstream : undefined;
}
