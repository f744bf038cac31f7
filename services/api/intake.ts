import type { AcceptOutcome, AcceptStore, Submission } from '../store/port.ts';
import { MicroBatcher } from '../runtime/micro-batcher.ts';
import type { ApiMetrics } from './metrics.ts';

/** The way of single submissions into the database: gathered into batches, one commit each. */
export interface Intake {
  /** @throws QueueFullError, or what the store throws (as a rejection) */
  submit(submission: Submission): Promise<AcceptOutcome>;
  readonly queued: number;
  /** How long the oldest submission has been waiting for a flusher. */
  oldestWaitMs(): number;
  readonly idle: boolean;
  /** Whether anything was submitted within the last 100 ms, or is still waiting. */
  readonly busy: boolean;
}

export interface IntakeOptions {
  readonly store: Pick<AcceptStore, 'accept'>;
  readonly metrics: Pick<ApiMetrics, 'acceptSeconds' | 'batchSize' | 'submitted'>;
  readonly queueMax: number;
  /** Whether trying again later may help: such a batch fails as a whole, any other is tried item by item. */
  readonly isTransient: (error: unknown) => boolean;
}

const FLUSHERS = 2;
const BATCH_MAX = 500;
const BUSY_FOR_MS = 100;

export function createIntake(options: IntakeOptions): Intake {
  const { store, metrics } = options;
  const batcher = new MicroBatcher<Submission, AcceptOutcome>({
    name: 'accept',
    flush(submissions) {
      metrics.batchSize(submissions.length);
      return store.accept(submissions);
    },
    flushers: FLUSHERS,
    maxItems: BATCH_MAX,
    maxQueued: options.queueMax,
    splitOn: (error) => !options.isTransient(error),
  });

  let lastMs = -Infinity;

  return {
    async submit(submission) {
      const startedMs = performance.now();
      lastMs = startedMs;
      const outcome = await batcher.add(submission, submission.traceparent);
      metrics.acceptSeconds((performance.now() - startedMs) / 1e3);
      metrics.submitted(submission.type, outcome.kind);
      return outcome;
    },
    get queued() {
      return batcher.queued;
    },
    oldestWaitMs: () => batcher.oldestWaitMs(),
    get idle() {
      return batcher.idle;
    },
    get busy() {
      return !batcher.idle || performance.now() - lastMs < BUSY_FOR_MS;
    },
  };
}
