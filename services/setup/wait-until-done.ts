import { setTimeout as sleep } from 'node:timers/promises';

/** It may go well a little later: the server is not up yet, or lacks something that somebody has to add. */
export class NotYetError extends Error {
  readonly code = 'not-yet';
}

/** What was waited for has not come in time. The cause is what was missing last. */
export class SetupTimeoutError extends Error {
  readonly code = 'setup-timeout';
}

export interface WaitOptions<Result> {
  /** Rejects with NotYetError to be called again; any other error ends the waiting. */
  readonly attempt: () => Promise<Result>;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Called at the first NotYetError, whenever its message changes, and every `repeatMs` in between. */
  readonly onWait: (error: NotYetError, waitedMs: number) => void;
  readonly repeatMs: number;
  /** Aborted: give up. */
  readonly signal?: AbortSignal;
  readonly nowMs?: () => number;
}

/** Repeats `attempt` until it resolves. @throws SetupTimeoutError, AbortError, and what `attempt` rejects with */
export async function waitUntilDone<Result>(options: WaitOptions<Result>): Promise<Result> {
  const {
    attempt,
    timeoutMs,
    intervalMs,
    repeatMs,
    onWait,
    signal,
    nowMs = () => performance.now(),
  } = options;
  const startedMs = nowMs();
  let told: { message: string; atMs: number } | undefined;
  for (;;) {
    const missing = await attempt().then(
      (result) => ({ result }),
      (error: unknown) => {
        if (error instanceof NotYetError) return error;
        throw error;
      },
    );
    if (!(missing instanceof NotYetError)) return missing.result;
    const waitedMs = nowMs() - startedMs;
    if (waitedMs >= timeoutMs)
      throw new SetupTimeoutError(`Given up after ${Math.round(waitedMs / 1_000)} s: ${missing.message}`, {
        cause: missing,
      });
    if (told?.message !== missing.message || nowMs() - told.atMs >= repeatMs) {
      told = { message: missing.message, atMs: nowMs() };
      onWait(missing, waitedMs);
    }
    await sleep(intervalMs, undefined, signal ? { signal } : {});
  }
}
