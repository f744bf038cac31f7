/** Figures that have changed, and nothing else, are written at most so often. */
const FIGURES_MS = 10_000;
/** For all StageScalers together: one API server serves others too. */
const FIGURES_PER_SECOND = 20;

/** ms from one writing of mere figures to the next, with so many StageScalers. */
export function figuresIntervalMs(scalers: number): number {
  return Math.max(FIGURES_MS, (scalers / FIGURES_PER_SECOND) * 1_000);
}
