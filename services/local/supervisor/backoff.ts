/** Waits between restarts: double each time, from the start again after a time of health. */
export interface Backoff {
  /** Ms to wait before the next restart, given for how many ms the process was healthy. */
  next(healthyMs: number): number;
}

export interface BackoffOptions {
  readonly minMs?: number;
  readonly maxMs?: number;
  /** Ms of health after which past crashes are forgotten. */
  readonly resetAfterMs?: number;
}

export function createBackoff({
  minMs = 200,
  maxMs = 5_000,
  resetAfterMs = 30_000,
}: BackoffOptions = {}): Backoff {
  let crashes = 0;
  return {
    next(healthyMs) {
      if (healthyMs >= resetAfterMs) crashes = 0;
      return Math.min(maxMs, minMs * 2 ** crashes++);
    },
  };
}
