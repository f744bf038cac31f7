import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Load } from './admission.ts';

export interface LoadMonitorOptions {
  readonly queue: { readonly queued: number; oldestWaitMs(): number };
  /** Age in seconds of the oldest outbox row. */
  readonly outboxAgeSeconds: () => Promise<number>;
  /** Once aborted, every submission is refused. */
  readonly stopping: AbortSignal;
  readonly onError: (error: unknown) => void;
  readonly sampleMs?: number;
}

export interface LoadMonitor {
  load(): Load;
  /** True, or what went wrong when the database was last asked. */
  storeState(): true | string;
  close(): void;
}

const RESOLUTION_MS = 20;

/** Keeps an eye on what admission looks at; what is costly to ask is sampled once a second. */
export function createLoadMonitor(options: LoadMonitorOptions): LoadMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let eventLoopDelayMs = 0;
  let outboxAgeSeconds = 0;
  let asking = false;
  let storeState: true | string = 'the database has not answered yet';

  function sampleEventLoop(): void {
    // The histogram counts its own interval as delay.
    const p99Ms = histogram.percentile(99) / 1e6 - RESOLUTION_MS;
    eventLoopDelayMs = Math.max(0, Number.isFinite(p99Ms) ? p99Ms : 0);
    histogram.reset();
  }

  /** An age that cannot be had is left as it was: without the database nothing is accepted anyway. */
  async function sampleOutbox(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      outboxAgeSeconds = await options.outboxAgeSeconds();
      storeState = true;
    } catch (error) {
      storeState = 'the database cannot be reached';
      options.onError(error);
    } finally {
      asking = false;
    }
  }

  const timer = setInterval(() => {
    sampleEventLoop();
    void sampleOutbox();
  }, options.sampleMs ?? 1_000).unref();
  void sampleOutbox();

  return {
    load: () => ({
      queued: options.queue.queued,
      oldestWaitMs: options.queue.oldestWaitMs(),
      outboxAgeSeconds,
      eventLoopDelayMs,
      stopping: options.stopping.aborted,
    }),
    storeState: () => storeState,
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
