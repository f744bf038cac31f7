import type { Metrics } from '../../otel/metrics.ts';
import type { AcceptOutcome } from '../store/port.ts';
import type { RefusalReason } from './admission.ts';

/** What the API counts, in its own words. */
export interface ApiMetrics {
  submitted(type: string, outcome: AcceptOutcome['kind']): void;
  /** From a parsed submission to its commit. */
  acceptSeconds(seconds: number): void;
  batchSize(items: number): void;
  refused(reason: RefusalReason): void;
  answered(route: string, method: string, status: number): void;
  bulkLine(outcome: AcceptOutcome['kind'] | 'rejected'): void;
}

/** What is asked at each scrape. */
export interface ApiGauges {
  readonly queued: () => number;
  readonly waiters: () => number;
}

/** Registers the API's metrics by the names of the schema. */
export function createApiMetrics(metrics: Pick<Metrics, 'counter' | 'histogram'>): ApiMetrics {
  const transactions = metrics.counter('sluice.accept.transactions');
  const duration = metrics.histogram('sluice.accept.duration');
  const batchSize = metrics.histogram('sluice.accept.batch.size');
  const refused = metrics.counter('sluice.accept.refused');
  const requests = metrics.counter('sluice.http.requests');
  const lines = metrics.counter('sluice.bulk.lines');
  return {
    submitted: (type, outcome) => transactions.add(1, { type, outcome }),
    acceptSeconds: (seconds) => duration.record(seconds),
    batchSize: (items) => batchSize.record(items),
    refused: (reason) => refused.add(1, { reason }),
    answered: (route, method, status) => requests.add(1, { route, method, status }),
    bulkLine: (outcome) => lines.add(1, { outcome }),
  };
}

/** Registers what is asked at each scrape. */
export function observeApi(metrics: Pick<Metrics, 'gauge'>, gauges: ApiGauges): void {
  metrics.gauge('sluice.accept.queue.depth', gauges.queued);
  metrics.gauge('sluice.long_poll.waiters', gauges.waiters);
}
