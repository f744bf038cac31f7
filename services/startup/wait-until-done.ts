import { setTimeout as sleep } from 'node:timers/promises';

/** It may go well a little later: the server is not up yet, or lacks something that somebody has to add. */
export class NotYetError extends Error {
  readonly code = 'not-yet';
}

/** What was waited for has not come in time. The cause is what was missing last. */
export class WaitedTooLongError extends Error {
  readonly code = 'waited-too-long';
}

export interface WaitOptions<Result> {
  /** Rejects with NotYetError to be called again; any other error ends the waiting. */
  readonly attempt: () => Promise<Result>;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Called when something is missing that was not before; for the same thing again after `repeatMs`, twice that … */
  readonly onWait: (error: NotYetError, waitedMs: number) => void;
  readonly repeatMs: number;
  /** Aborted: give up, without waiting for the attempt. */
  readonly signal?: AbortSignal;
  readonly nowMs?: () => number;
}

/** … up to this. */
const REPEAT_MAX_MS = 60_000;

/** Repeats `attempt` until it resolves. @throws WaitedTooLongError, AbortError, and what `attempt` rejects with */
export async function waitUntilDone<Result>(options: WaitOptions<Result>): Promise<Result> {
  const { timeoutMs, intervalMs, onWait, signal, nowMs = () => performance.now() } = options;
  const startedMs = nowMs();
  const isNew = repetitions(options.repeatMs);
  for (;;) {
    signal?.throwIfAborted();
    const missing = await unlessAborted(tryOnce(options.attempt), signal);
    if (!(missing instanceof NotYetError)) return missing.result;
    const waitedMs = nowMs() - startedMs;
    if (waitedMs >= timeoutMs)
      throw new WaitedTooLongError(`Given up after ${Math.round(waitedMs / 1_000)} s: ${missing.message}`, {
        cause: missing,
      });
    if (isNew(missing.message, nowMs())) onWait(missing, waitedMs);
    await sleep(intervalMs, undefined, signal ? { signal } : {});
  }
}

async function tryOnce<Result>(
  attempt: () => Promise<Result>,
): Promise<{ readonly result: Result } | NotYetError> {
  try {
    return { result: await attempt() };
  } catch (error) {
    if (error instanceof NotYetError) return error;
    throw error;
  }
}

async function unlessAborted<Value>(work: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  if (!signal) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Whether a text is to be told now: one that was not told before is; one that was, more and more seldom. Each text
 * by itself, for two may alternate: of two brokers that are away, say.
 */
function repetitions(repeatMs: number): (text: string, nowMs: number) => boolean {
  const due = new Map<string, { readonly atMs: number; readonly thenMs: number }>();
  return (text, nowMs) => {
    const next = due.get(text);
    if (next && nowMs < next.atMs) return false;
    const waitMs = next?.thenMs ?? repeatMs;
    due.set(text, { atMs: nowMs + waitMs, thenMs: Math.min(REPEAT_MAX_MS, 2 * waitMs) });
    return true;
  };
}
