/** A stream of pseudo-random numbers that is the same for the same seed, on every machine. */
export interface Random {
  /** In [0, 1). */
  uniform(): number;
  /** In [min, max). */
  between(min: number, max: number): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** Number of events of a Poisson process with this mean. */
  poisson(mean: number): number;
}

/**
 * Generator mulberry32 (Tommy Ettinger, public domain): 32 bits of state, enough for a simulation. `stream` keeps
 * what is drawn for one purpose apart from the rest, so that the load does not depend on what a controller does.
 */
export function createRandom(seed: number, stream: string): Random {
  let state = hash(`${seed}/${stream}`);
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** Box and Muller. */
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    between: (min, max) => min + (max - min) * uniform(),
    normal,
    poisson: (mean) =>
      mean > 30 ? Math.max(0, Math.round(mean + Math.sqrt(mean) * normal())) : smallPoisson(mean, uniform),
  };
}

/** Inversion by sequential search (Devroye 1986, X.3.3). */
function smallPoisson(mean: number, uniform: () => number): number {
  if (mean <= 0) return 0;
  let probability = Math.exp(-mean);
  let left = uniform() - probability;
  let count = 0;
  while (left > 0 && count < 1_000) {
    count++;
    probability *= mean / count;
    left -= probability;
  }
  return count;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193);
  return value;
}
