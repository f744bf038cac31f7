export interface LoopOptions {
  readonly tick: () => Promise<void>;
  /** ms from the begin of one tick to that of the next; a longer one delays the next, never overlaps it. */
  readonly intervalMs: number;
  /** Called when a tick has ended, with its duration; `error`: it has thrown. The loop goes on. */
  readonly onTick: (seconds: number, error?: unknown) => void;
  /** ms of a monotonic clock. */
  readonly now: () => number;
}

/** So many intervals without the end of a tick, and half a minute, mean that it hangs. */
const LATE_TICKS = 5;
const LATE_MS = 30_000;

/** Calls `tick` again and again, until it is stopped. */
export class Loop {
  private readonly options: LoopOptions;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private lastEndMs: number;
  private succeeded = false;

  constructor(options: LoopOptions) {
    this.options = options;
    this.lastEndMs = options.now();
  }

  start(): void {
    this.running = this.run(this.stopping.signal);
  }

  /** Resolves when the tick that is under way has ended. */
  stop(): Promise<void> {
    this.stopping.abort();
    return this.running;
  }

  /** When the last tick ended, or the loop was made, by the loop's clock. */
  lastTickAt(): number {
    return this.lastEndMs;
  }

  /** True once a tick has gone well. */
  hasTicked(): boolean {
    return this.succeeded;
  }

  /** True, or why the process should be started again. */
  live(): true | string {
    const { now, intervalMs } = this.options;
    const lateMs = now() - this.lastEndMs;
    if (lateMs <= Math.max(LATE_MS, LATE_TICKS * intervalMs)) return true;
    return `no tick has ended for ${Math.round(lateMs / 1_000)} s`;
  }

  private async run(stop: AbortSignal): Promise<void> {
    const { tick, intervalMs, onTick, now } = this.options;
    while (!stop.aborted) {
      const startedMs = now();
      let failure: { error: unknown } | undefined;
      try {
        await tick();
        this.succeeded = true;
      } catch (error) {
        failure = { error };
      }
      this.lastEndMs = now();
      const seconds = (this.lastEndMs - startedMs) / 1_000;
      if (failure) onTick(seconds, failure.error);
      else onTick(seconds);
      await pause(Math.max(0, startedMs + intervalMs - now()), stop);
    }
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener('abort', end);
  });
}
