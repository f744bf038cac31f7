import type { Metrics } from '../../otel/metrics.ts';
import type { KubeCall } from '../kube/kube-api.ts';

export interface KubeMetrics {
  readonly onCall: (call: KubeCall) => void;
  observe(state: { readonly isLeader: () => boolean; readonly waiting: () => number }): void;
}

/** Requests to the API server, who leads, and what waits to be reconciled. */
export function createKubeMetrics(metrics: Metrics): KubeMetrics {
  const requests = metrics.counter('sluice.operator.kube.requests');
  const duration = metrics.histogram('sluice.operator.kube.request.duration');
  return {
    onCall: ({ method, resource, status, seconds }) => {
      requests.add(1, { method, resource, status });
      if (method !== 'GET') duration.record(seconds, { method });
    },
    observe: ({ isLeader, waiting }) => {
      metrics.gauge('sluice.operator.leader', () => Number(isLeader()));
      metrics.gauge('sluice.operator.queue.depth', waiting);
    },
  };
}
