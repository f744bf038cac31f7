import { untraced } from '../../otel/tracing.ts';

export interface ChangeWatcherOptions {
  /** Current version by id, for those that exist. */
  readonly versions: (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly waitersMax: number;
  readonly onError: (error: unknown) => void;
  /** Pause between two queries. Default 25. */
  readonly intervalMs?: number;
}

export type WakeReason = 'changed' | 'timeout' | 'aborted' | 'closed';

interface Waiter {
  readonly id: string;
  readonly knownVersion: number;
  readonly wake: (reason: WakeReason) => void;
}

/** Queries take at most one fifth of the time: with very many waiters the pause grows. */
const PAUSE_PER_QUERY = 4;
const IDS_PER_QUERY = 1_000;

/** Wakes requests that wait for a transaction to change, for all of them with one query at a time. */
export class ChangeWatcher {
  private readonly options: ChangeWatcherOptions;
  private readonly waiting = new Set<Waiter>();
  private polling = false;
  private closed = false;

  constructor(options: ChangeWatcherOptions) {
    this.options = options;
  }

  get waiters(): number {
    return this.waiting.size;
  }

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
  ): Promise<WakeReason> | undefined {
    if (this.closed) return Promise.resolve('closed');
    if (signal.aborted) return Promise.resolve('aborted');
    if (this.waiting.size >= this.options.waitersMax) return undefined;
    return new Promise((resolve) => {
      const wake = (reason: WakeReason): void => {
        if (!this.waiting.delete(waiter)) return;
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(reason);
      };
      const waiter: Waiter = { id, knownVersion, wake };
      const timer = setTimeout(() => wake('timeout'), timeoutMs);
      const onAbort = (): void => wake('aborted');
      signal.addEventListener('abort', onAbort);
      this.waiting.add(waiter);
      if (!this.polling) void untraced(() => this.poll());
    });
  }

  /** Wakes everyone; later waits end at once. */
  close(): void {
    this.closed = true;
    for (const waiter of this.waiting) waiter.wake('closed');
  }

  private async poll(): Promise<void> {
    this.polling = true;
    while (this.waiting.size > 0) {
      const startedMs = performance.now();
      try {
        await this.lookAtAll();
      } catch (error) {
        this.options.onError(error);
      }
      const tookMs = performance.now() - startedMs;
      await pause(Math.max(this.options.intervalMs ?? 25, tookMs * PAUSE_PER_QUERY));
    }
    this.polling = false;
  }

  private async lookAtAll(): Promise<void> {
    const ids = [...new Set([...this.waiting].map((waiter) => waiter.id))];
    for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
      const versions = await this.options.versions(ids.slice(start, start + IDS_PER_QUERY));
      for (const waiter of this.waiting) {
        const version = versions.get(waiter.id);
        if (version !== undefined && version !== waiter.knownVersion) waiter.wake('changed');
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
