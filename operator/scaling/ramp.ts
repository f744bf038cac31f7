import type { Sample } from './arrivals.ts';

/** A load that grows steadily. */
export interface Ramp {
  /** Rate at the last sample. */
  readonly perSecond: number;
  /** By how much it grows each second. */
  readonly slope: number;
}

const BLOCKS = 5;
const BLOCK_SECONDS = 12;
/** Of all that the load has risen by, the most that may have come in one block: a step comes in one or two. */
const LARGEST_RISE = 0.4;

/**
 * Is the load growing steadily? The last minute in five blocks: the last must be above the first by more than three
 * deviations of chance, no block below the one before by more than chance, and no single rise more than 40 % of
 * it all: a step is no ramp. `dispersion`: see dispersionOf. slope = (last block - first block) / 48 s.
 *
 * Source: Daedalus (arXiv 2403.02093) extrapolates a slope when its forecast model fits badly.
 */
export function rampOf(samples: readonly Sample[], dispersion: number): Ramp | undefined {
  const rates = blockRates(samples);
  const [first, last] = [rates?.[0], rates?.at(-1)];
  if (rates === undefined || first === undefined || last === undefined) return undefined;
  const rise = last - first;
  const deviation = Math.sqrt((dispersion * Math.max(last, 1 / BLOCK_SECONDS)) / BLOCK_SECONDS);
  if (rise < 3 * Math.SQRT2 * deviation) return undefined;
  const rises = rates.slice(1).map((rate, index) => rate - (rates[index] ?? rate));
  if (Math.min(...rises) < -Math.SQRT2 * deviation || Math.max(...rises) > LARGEST_RISE * rise)
    return undefined;
  const slope = rise / ((BLOCKS - 1) * BLOCK_SECONDS);
  return { perSecond: last + (slope * BLOCK_SECONDS) / 2, slope };
}

/** Arrival rates of the last five blocks, oldest first; undefined when there are not so many samples yet. */
function blockRates(samples: readonly Sample[]): number[] | undefined {
  const last = samples.at(-1);
  if (last === undefined) return undefined;
  const rates: number[] = [];
  let index = samples.length - 1;
  let [to, writtenTo] = last;
  for (let block = 1; block <= BLOCKS; block++) {
    const start = last[0] - block * BLOCK_SECONDS;
    while (index > 0 && (samples[index]?.[0] ?? start) > start + 0.5) index--;
    const [from, writtenFrom] = samples[index] ?? last;
    if (from > start + 1 || from >= to) return undefined;
    rates.unshift((writtenTo - writtenFrom) / (to - from));
    [to, writtenTo] = [from, writtenFrom];
  }
  return rates;
}
