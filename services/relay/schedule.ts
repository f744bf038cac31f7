export interface ScheduleOptions {
  /** Pause between the end of a run and the start of the next. */
  readonly intervalMs: number;
  readonly run: () => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const MAX_BACKOFF_MS = 10_000;

/** Runs a job again and again, never twice at once; waits longer while it fails. Resolves after `signal`. */
export async function every({ intervalMs, run, onError, signal }: ScheduleOptions): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await run();
      failures = 0;
    } catch (error) {
      failures++;
      onError(error);
    }
    await pause(
      Math.min(Math.max(intervalMs, failures > 0 ? 500 * 2 ** failures : 0), MAX_BACKOFF_MS + intervalMs),
      signal,
    );
  }
}

/** Resolves after `ms`, or as soon as the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
