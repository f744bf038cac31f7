import { runBatch } from '../../otel/tracing.ts';

/** Thrown by `add` when the queue is full: the caller refuses the work instead of hiding it. */
export class QueueFullError extends Error {
  readonly code = 'queue-full';
}

export interface MicroBatcherOptions<In, Out> {
  /** Handles one batch; must return one result per item, in order. */
  readonly flush: (items: In[]) => Promise<Out[]>;
  /** Name of the batch in traces. Default `batch`. */
  readonly name?: string;
  /** Flushes that may run at the same time. Default 1. */
  readonly flushers?: number;
  /** Items per flush at the most. Default 500. */
  readonly maxItems?: number;
  /**
   * Under load, ms to let the next batch gather after one has been flushed: fewer, larger statements. Does not
   * apply after a batch of fewer than PACE_FROM items, so it costs nothing when there is little to do.
   */
  readonly paceMs?: number;
  /** Items waiting at the most; one more is refused with QueueFullError. Default unbounded. */
  readonly maxQueued?: number;
  /** Items with equal conflict keys never share a flush. */
  readonly conflictKey?: (item: In) => string;
  /** Whether a failed batch should be tried item by item, so that a bad one fails alone. Default: always. */
  readonly splitOn?: (error: unknown) => boolean;
}

/** Batches of this size or more are a sign of load. */
const PACE_FROM = 16;

interface Entry<In, Out> {
  readonly item: In;
  readonly since: number;
  /** Of the span that waits for it. */
  readonly traceparent: string | undefined;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers concurrent calls into batches without a timer: a batch is whatever has queued while the flushers
 * were busy. With no load an item is flushed at once; under load batches grow by themselves.
 */
export class MicroBatcher<In, Out> {
  private readonly options: MicroBatcherOptions<In, Out>;
  private readonly flushers: number;
  private readonly maxItems: number;
  private queue: Entry<In, Out>[] = [];
  private running = 0;
  private scheduled = false;

  constructor(options: MicroBatcherOptions<In, Out>) {
    this.options = options;
    this.flushers = options.flushers ?? 1;
    this.maxItems = options.maxItems ?? 500;
  }

  get queued(): number {
    return this.queue.length;
  }

  /** Ms that the oldest waiting item has waited. */
  oldestWaitMs(now = performance.now()): number {
    return this.queue.length === 0 ? 0 : now - this.queue[0]!.since;
  }

  get idle(): boolean {
    return this.queue.length === 0 && this.running === 0;
  }

  /**
   * @param traceparent of the span that waits for it, for the batch to be linked to
   * @throws QueueFullError (as a rejection) when `maxQueued` items wait already
   */
  add(item: In, traceparent?: string): Promise<Out> {
    if (this.queue.length >= (this.options.maxQueued ?? Infinity))
      return Promise.reject(new QueueFullError('The queue is full.'));
    return new Promise<Out>((resolve, reject) => {
      this.queue.push({ item, since: performance.now(), traceparent, resolve, reject });
      this.schedule();
    });
  }

  /** One macrotask later, so that everything the current I/O events bring in joins the first batch. */
  private schedule(): void {
    if (this.scheduled || this.running >= this.flushers) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.pump();
    });
  }

  private pump(): void {
    while (this.running < this.flushers && this.queue.length > 0) {
      const batch = this.take();
      this.running++;
      void this.run(batch)
        .then(() => this.pace(batch.length))
        .finally(() => {
          this.running--;
          this.pump();
        });
    }
  }

  private async pace(flushed: number): Promise<void> {
    const { paceMs = 0 } = this.options;
    if (paceMs === 0 || flushed < PACE_FROM || this.queue.length >= this.maxItems) return;
    await new Promise((resolve) => setTimeout(resolve, paceMs));
  }

  private take(): Entry<In, Out>[] {
    const { conflictKey } = this.options;
    if (!conflictKey) return this.queue.splice(0, this.maxItems);
    const seen = new Set<string>();
    const batch: Entry<In, Out>[] = [];
    const left: Entry<In, Out>[] = [];
    for (const entry of this.queue) {
      const key = conflictKey(entry.item);
      if (batch.length < this.maxItems && !seen.has(key)) batch.push(entry);
      else left.push(entry);
      seen.add(key);
    }
    this.queue = left;
    return batch;
  }

  private async run(batch: Entry<In, Out>[]): Promise<void> {
    try {
      const { name = 'batch', flush } = this.options;
      // In a span of its own: otherwise it would be recorded in the trace of whoever happened to set it off.
      const traceparents = batch.flatMap(({ traceparent }) =>
        traceparent === undefined ? [] : [traceparent],
      );
      const results = await runBatch(name, { size: batch.length, traceparents }, () =>
        flush(batch.map((entry) => entry.item)),
      );
      batch.forEach((entry, index) => entry.resolve(results[index] as Out));
    } catch (error) {
      if (batch.length === 1 || this.options.splitOn?.(error) === false) {
        for (const entry of batch) entry.reject(error);
        return;
      }
      for (const entry of batch) await this.run([entry]);
    }
  }
}
