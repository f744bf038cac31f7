import type { Logger } from '../../otel/logger.ts';
import type { WorkQueue } from './work-queue.ts';

export interface ReconcileResult {
  /** Look again after so many ms. */
  readonly requeueAfterMs?: number;
}

/** Brings one object to where it should be, whatever has happened to it. Called with its key only. */
export type Reconcile = (key: string) => Promise<ReconcileResult>;

export interface ControllerOptions {
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  readonly workers: number;
  readonly log: Logger;
}

/** Takes keys from the queue and reconciles them, a few at a time. */
export class Controller {
  private readonly options: ControllerOptions;
  private running: Promise<unknown> = Promise.resolve();

  constructor(options: ControllerOptions) {
    this.options = options;
  }

  start(): void {
    this.running = Promise.all(Array.from({ length: this.options.workers }, () => this.work()));
  }

  /** Lets what is in work end. */
  async stop(): Promise<void> {
    this.options.queue.close();
    await this.running;
  }

  private async work(): Promise<void> {
    const { queue } = this.options;
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      await this.reconcileOne(key);
      queue.done(key);
    }
  }

  private async reconcileOne(key: string): Promise<void> {
    const { queue, reconcile, log } = this.options;
    try {
      const { requeueAfterMs } = await reconcile(key);
      queue.forget(key);
      if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
    } catch (error) {
      log.warn({ scaler: key, err: error }, 'reconciling failed; it is tried again');
      queue.addRateLimited(key);
    }
  }
}
