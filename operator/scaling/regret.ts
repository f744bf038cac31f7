/** How often scale-downs have been regretted: a factor on the scale-down window, and when it last grew. */
export interface Regret {
  readonly factor: number;
  readonly at: number;
}

export const NO_REGRET: Regret = { factor: 1, at: 0 };

const LIMIT = 16;
const QUIET_SECONDS = 3_600;

/** A scale-up so soon after a scale-down doubles the factor. */
export function regretted(before: Regret, at: number): Regret {
  return { factor: Math.min(LIMIT, 2 * regretFactor(before, at)), at };
}

/**
 * Halved for each hour without regret.
 *
 * Source: uForwarder widens its window additively and narrows it again; here both are by a factor of two.
 */
export function regretFactor({ factor, at }: Regret, now: number): number {
  return Math.max(1, factor * 0.5 ** Math.floor((now - at) / QUIET_SECONDS));
}
