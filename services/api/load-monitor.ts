import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Load } from './admission.ts';

export interface LoadMonitorOptions {
  readonly queue: { readonly queued: number; oldestWaitMs(): number };
  readonly syncGate: { oldestWaitMs(): number };
  /** Age in seconds of the oldest outbox row. */
  readonly outboxAgeSeconds: () => Promise<number>;
  /** Once aborted, every submission is refused. */
  readonly stopping: AbortSignal;
  readonly onError: (error: unknown) => void;
  /** Default 1,000. */
  readonly sampleMs?: number;
}

const RESOLUTION_MS = 20;

/** Keeps an eye on what admission looks at; what is costly to ask is sampled once a second. */
export class LoadMonitor {
  private readonly options: LoadMonitorOptions;
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly timer: NodeJS.Timeout;
  private eventLoopDelayMs = 0;
  private outboxAgeSeconds = 0;
  private asking = false;
  private store: true | string = 'the database has not answered yet';

  constructor(options: LoadMonitorOptions) {
    this.options = options;
    this.histogram.enable();
    this.timer = setInterval(() => this.sample(), options.sampleMs ?? 1_000).unref();
    void this.sampleOutbox();
  }

  load(): Load {
    return {
      queued: this.options.queue.queued,
      oldestWaitMs: this.options.queue.oldestWaitMs(),
      syncWaitMs: this.options.syncGate.oldestWaitMs(),
      outboxAgeSeconds: this.outboxAgeSeconds,
      eventLoopDelayMs: this.eventLoopDelayMs,
      stopping: this.options.stopping.aborted,
    };
  }

  /** True, or what went wrong when the database was last asked. */
  storeState(): true | string {
    return this.store;
  }

  close(): void {
    clearInterval(this.timer);
    this.histogram.disable();
  }

  private sample(): void {
    // The histogram counts its own interval as delay.
    const p99Ms = this.histogram.percentile(99) / 1e6 - RESOLUTION_MS;
    this.eventLoopDelayMs = Math.max(0, Number.isFinite(p99Ms) ? p99Ms : 0);
    this.histogram.reset();
    void this.sampleOutbox();
  }

  /** An age that cannot be had is left as it was: without the database nothing is accepted anyway. */
  private async sampleOutbox(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      this.outboxAgeSeconds = await this.options.outboxAgeSeconds();
      this.store = true;
    } catch (error) {
      this.store = 'the database cannot be reached';
      this.options.onError(error);
    } finally {
      this.asking = false;
    }
  }
}
