import type { Sample } from './arrivals.ts';

/**
 * Seconds of arrivals that are always under way: offsets are committed now and then, and handlers take their time.
 * The least lag of the last minute over the arrival rate, at most `limitSeconds`: what never goes away without being
 * harmful is no backlog.
 */
export function standingSeconds(
  samples: readonly Sample[],
  arrivalPerSecond: number,
  limitSeconds: number,
): number {
  if (arrivalPerSecond <= 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [, written, settled] of samples) least = Math.min(least, written - settled);
  return Number.isFinite(least) ? Math.min(limitSeconds, least / arrivalPerSecond) : 0;
}
