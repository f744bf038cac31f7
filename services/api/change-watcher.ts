/** Wakes requests that wait for a transaction to change, for all of them with one query at a time. */
export interface ChangeWatcher {
  /**
   * Resolves as soon as the version of `id` is no longer `knownVersion`, and at the latest after `timeoutMs`
   * or when `signal` aborts. Since versions are compared, not events awaited, no change can be missed.
   * @returns undefined when there are too many waiters already
   */
  wait(
    id: string,
    knownVersion: number,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<WakeReason> | undefined;
  readonly waiters: number;
  /** Wakes everyone; later waits end at once. */
  close(): void;
}

export type WakeReason = 'changed' | 'timeout' | 'aborted' | 'closed';

export interface ChangeWatcherOptions {
  /** Current version by id, for those that exist. */
  readonly versions: (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly waitersMax: number;
  readonly onError: (error: unknown) => void;
  /** Pause between two queries. Default 25. */
  readonly intervalMs?: number;
}

interface Waiter {
  readonly id: string;
  readonly knownVersion: number;
  readonly wake: (reason: WakeReason) => void;
}

/** Queries take at most one fifth of the time: with very many waiters the pause grows. */
const PAUSE_PER_QUERY = 4;
const IDS_PER_QUERY = 1_000;

export function createChangeWatcher(options: ChangeWatcherOptions): ChangeWatcher {
  const waiters = new Set<Waiter>();
  const intervalMs = options.intervalMs ?? 25;
  let polling = false;
  let closed = false;

  async function poll(): Promise<void> {
    polling = true;
    while (waiters.size > 0) {
      const startedMs = performance.now();
      try {
        await lookAtAll();
      } catch (error) {
        options.onError(error);
      }
      const tookMs = performance.now() - startedMs;
      await pause(Math.max(intervalMs, tookMs * PAUSE_PER_QUERY));
    }
    polling = false;
  }

  async function lookAtAll(): Promise<void> {
    const ids = [...new Set([...waiters].map((waiter) => waiter.id))];
    for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
      const versions = await options.versions(ids.slice(start, start + IDS_PER_QUERY));
      for (const waiter of waiters) {
        const version = versions.get(waiter.id);
        if (version !== undefined && version !== waiter.knownVersion) waiter.wake('changed');
      }
    }
  }

  function enter(
    id: string,
    knownVersion: number,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<WakeReason> {
    return new Promise((resolve) => {
      const waiter: Waiter = { id, knownVersion, wake };
      const timer = setTimeout(() => wake('timeout'), timeoutMs);
      const onAbort = (): void => wake('aborted');
      signal.addEventListener('abort', onAbort);
      waiters.add(waiter);
      if (!polling) void poll();

      function wake(reason: WakeReason): void {
        if (!waiters.delete(waiter)) return;
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(reason);
      }
    });
  }

  return {
    wait(id, knownVersion, timeoutMs, signal) {
      if (closed) return Promise.resolve('closed');
      if (signal.aborted) return Promise.resolve('aborted');
      if (waiters.size >= options.waitersMax) return undefined;
      return enter(id, knownVersion, timeoutMs, signal);
    },
    get waiters() {
      return waiters.size;
    },
    close() {
      closed = true;
      for (const waiter of waiters) waiter.wake('closed');
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
