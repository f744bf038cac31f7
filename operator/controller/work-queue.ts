export interface WorkQueueOptions {
  /** ms after the first failure of a key; doubled with each further one. Default 200. */
  readonly baseDelayMs?: number;
  /** Default 30,000. */
  readonly maxDelayMs?: number;
  readonly random?: () => number;
}

/**
 * Keys of what has to be looked at. A key waits at most once, however often it is added, and is in work at most
 * once: one that is added meanwhile is given out again afterwards.
 */
export class WorkQueue {
  private readonly options: Required<WorkQueueOptions>;
  /** In order; each is also in `dirty`. */
  private readonly waiting: string[] = [];
  private readonly dirty = new Set<string>();
  private readonly processing = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly at: number }>();
  private readonly takers: ((key: string | undefined) => void)[] = [];
  private closed = false;

  constructor(options: WorkQueueOptions = {}) {
    this.options = { baseDelayMs: 200, maxDelayMs: 30_000, random: Math.random, ...options };
  }

  get length(): number {
    return this.waiting.length;
  }

  add(key: string): void {
    if (this.closed || this.dirty.has(key)) return;
    this.dirty.add(key);
    if (!this.processing.has(key)) this.offer(key);
  }

  /** Adds it in `ms`; the earliest of several wins. */
  addAfter(key: string, ms: number): void {
    if (this.closed) return;
    const at = performance.now() + ms;
    const before = this.timers.get(key);
    if (before && before.at <= at) return;
    clearTimeout(before?.timer);
    const timer = setTimeout(() => {
      this.timers.delete(key);
      this.add(key);
    }, ms);
    this.timers.set(key, { timer, at });
  }

  /** Adds it again after a failure: later each time. */
  addRateLimited(key: string): void {
    const { baseDelayMs, maxDelayMs, random } = this.options;
    const failures = this.failures.get(key) ?? 0;
    this.failures.set(key, failures + 1);
    const delay = Math.min(maxDelayMs, baseDelayMs * 2 ** failures);
    this.addAfter(key, delay * (0.75 + random() / 4));
  }

  /** It has gone well: the next failure counts as the first. */
  forget(key: string): void {
    this.failures.delete(key);
  }

  /** The next key, as soon as there is one; undefined when the queue is closed. `done` must follow. */
  take(): Promise<string | undefined> {
    if (this.closed) return Promise.resolve(undefined);
    const key = this.waiting.shift();
    if (key !== undefined) return Promise.resolve(this.begin(key));
    return new Promise((resolve) => void this.takers.push(resolve));
  }

  done(key: string): void {
    this.processing.delete(key);
    if (this.dirty.has(key)) this.offer(key);
  }

  /** What is in work may end; nothing more is given out. */
  close(): void {
    this.closed = true;
    for (const { timer } of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    for (const taker of this.takers.splice(0)) taker(undefined);
  }

  private offer(key: string): void {
    if (this.closed) return;
    const taker = this.takers.shift();
    if (taker) taker(this.begin(key));
    else this.waiting.push(key);
  }

  private begin(key: string): string {
    this.dirty.delete(key);
    this.processing.add(key);
    return key;
  }
}
