import type { MetricDefinition } from './metric-definition.ts';
import { SHORT_SECONDS } from './metric-definition.ts';

const scaler = { scaler: 'text' } as const;

/** Up to a tick and beyond it. */
const TICK_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30,
] as const;

/** What the operator can emit. */
export const OPERATOR_METRICS = {
  'sluice.scaler.lag': {
    kind: 'gauge',
    unit: '{record}',
    description: 'Records that the consumer group has still to commit. Absent while it is not known.',
    attributes: scaler,
  },
  'sluice.scaler.lag.known': {
    kind: 'gauge',
    unit: '1',
    description: '1 when the lag could be read, 0 when not: nothing is scaled down then.',
    attributes: scaler,
  },
  'sluice.scaler.age': {
    kind: 'gauge',
    unit: 's',
    description: 'How long the oldest event that is not settled has been waiting.',
    attributes: scaler,
  },
  'sluice.scaler.objective': {
    kind: 'gauge',
    unit: 's',
    description: 'How long an event may wait (maxAgeSeconds).',
    attributes: scaler,
  },
  'sluice.scaler.arrival_rate': {
    kind: 'gauge',
    unit: '{record}/s',
    description: 'Records written to the topics, smoothed.',
    attributes: scaler,
  },
  'sluice.scaler.planned_rate': {
    kind: 'gauge',
    unit: '{record}/s',
    description: 'Records that are planned for: with the ramp, and what upstream has still to send.',
    attributes: scaler,
  },
  'sluice.scaler.capacity': {
    kind: 'gauge',
    unit: '{record}/s',
    description: 'Records that one replica can settle.',
    attributes: scaler,
  },
  'sluice.scaler.utilization': {
    kind: 'gauge',
    unit: '1',
    description: 'Arrivals over the capacity of all replicas: 1 is full.',
    attributes: scaler,
  },
  'sluice.scaler.replicas': {
    kind: 'gauge',
    unit: '{replica}',
    description: 'Replicas: decided by the operator, desired by the platform, ready.',
    attributes: { ...scaler, kind: ['decided', 'desired', 'ready'] },
  },
  'sluice.scaler.decisions': {
    kind: 'counter',
    unit: '{decision}',
    description: 'Decisions by their reason, and by what became of them.',
    attributes: {
      ...scaler,
      reason: 'text',
      result: ['scaled', 'held', 'paused', 'dry-run', 'failed', 'not-leader', 'unread'],
    },
  },
  'sluice.scaler.rebalances': {
    kind: 'counter',
    unit: '{rebalance}',
    description: 'Rebalances of the consumer group that the operator has seen.',
    attributes: scaler,
  },
  'sluice.operator.ticks': {
    kind: 'counter',
    unit: '{tick}',
    description: 'Turns of the loop, by outcome.',
    attributes: { outcome: ['ok', 'failed'] },
  },
  'sluice.operator.tick.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'One turn of the loop: gather, decide, begin to apply, tell.',
    attributes: {},
    buckets: TICK_SECONDS,
  },
  'sluice.operator.scalings.underway': {
    kind: 'gauge',
    unit: '{scaling}',
    description:
      'Changes of replicas that the platform has not answered yet. The loop does not wait for them.',
    attributes: {},
  },
  'sluice.operator.scaling.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'One change of replicas, from the decision to the answer of the platform.',
    attributes: {},
    buckets: SHORT_SECONDS,
  },
  'sluice.operator.scalers': {
    kind: 'gauge',
    unit: '{scaler}',
    description: 'StageScalers that are decided in each tick.',
    attributes: {},
  },
  'sluice.operator.kafka.requests': {
    kind: 'counter',
    unit: '{request}',
    description: 'Requests to Kafka, by the name of the request and by outcome.',
    attributes: { api: 'text', outcome: ['ok', 'failed'] },
  },
  'sluice.operator.target.calls': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls to what is scaled, by operation and by outcome.',
    attributes: { operation: ['read', 'scale'], outcome: ['ok', 'failed'] },
  },
  'sluice.operator.kube.requests': {
    kind: 'counter',
    unit: '{request}',
    description: 'Requests to the Kubernetes API server, by resource and HTTP status; 0: no answer.',
    attributes: { method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], resource: 'text', status: 'number' },
  },
  'sluice.operator.kube.request.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'One write to the Kubernetes API server.',
    attributes: { method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] },
    buckets: SHORT_SECONDS,
  },
  'sluice.operator.leader': {
    kind: 'gauge',
    unit: '1',
    description: '1: this replica of the operator leads and writes; 0: it only looks.',
    attributes: {},
  },
  'sluice.operator.queue.depth': {
    kind: 'gauge',
    unit: '{scaler}',
    description: 'StageScalers whose status waits to be written.',
    attributes: {},
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
