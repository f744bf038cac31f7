/**
 * Every metric that a Sluice process can emit, written down once: the code that records is typed by this
 * table, /metrics serves nothing else, and README.md beside it is generated from it.
 *
 * Names follow OpenTelemetry: dots, no unit in the name, seconds for durations. On /metrics dots become
 * underscores and counters end in `_total`.
 */
import type { MetricDefinition, MetricKind } from './metric-definition.ts';
import { SHORT_SECONDS } from './metric-definition.ts';
import { OPERATOR_METRICS } from './operator-metrics.ts';

export type { MetricDefinition, MetricKind };

const STAGES = ['validate', 'remote', 'persist'] as const;
const TERMINAL_STATES = ['done', 'rejected', 'failed', 'expired', 'compensated'] as const;

/** Time spent waiting in a queue: from no wait to an outage of hours. */
const LONG_SECONDS = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14_400,
] as const;
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const;

const stage = { stage: STAGES } as const;

export const METRICS = {
  'sluice.accept.transactions': {
    kind: 'counter',
    unit: '{transaction}',
    description:
      'Transactions that clients submitted, by what became of them (accepted, replayed, conflict, ...).',
    attributes: { type: 'text', outcome: 'text' },
  },
  'sluice.accept.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'From a parsed submission to its commit, waiting in the queue included.',
    attributes: {},
    buckets: SHORT_SECONDS,
  },
  'sluice.accept.batch.size': {
    kind: 'histogram',
    unit: '{transaction}',
    description: 'Transactions that shared one commit.',
    attributes: {},
    buckets: SIZES,
  },
  'sluice.accept.queue.depth': {
    kind: 'gauge',
    unit: '{transaction}',
    description: 'Submissions waiting for their commit.',
    attributes: {},
  },
  'sluice.accept.refused': {
    kind: 'counter',
    unit: '{request}',
    description: 'Requests refused with 503 because of overload, by the bound that was reached.',
    attributes: { reason: 'text' },
  },
  'sluice.http.requests': {
    kind: 'counter',
    unit: '{request}',
    description: 'HTTP requests answered, by route pattern, method and status code.',
    attributes: { route: 'text', method: 'text', status: 'number' },
  },
  'sluice.bulk.lines': {
    kind: 'counter',
    unit: '{line}',
    description: 'Lines of bulk submissions, by what became of them.',
    attributes: { outcome: 'text' },
  },
  'sluice.long_poll.waiters': {
    kind: 'gauge',
    unit: '{request}',
    description: 'Requests waiting for a transaction to change.',
    attributes: {},
  },
  'sluice.relay.sent': {
    kind: 'counter',
    unit: '{message}',
    description: 'Outbox rows written to Kafka.',
    attributes: { topic: 'text' },
  },
  'sluice.relay.batch.size': {
    kind: 'histogram',
    unit: '{message}',
    description: 'Outbox rows claimed and sent together.',
    attributes: {},
    buckets: SIZES,
  },
  'sluice.relay.send.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Time until Kafka has acknowledged a batch.',
    attributes: {},
    buckets: SHORT_SECONDS,
  },
  'sluice.outbox.age': {
    kind: 'gauge',
    unit: 's',
    description: 'Age of the oldest outbox row, 0 when it is empty.',
    attributes: {},
  },
  'sluice.relay.claims': {
    kind: 'counter',
    unit: '{claim}',
    description: 'Attempts to claim outbox rows, by outcome (sent, empty, failed).',
    attributes: { outcome: 'text' },
  },
  'sluice.stage.messages': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that a stage has settled, by outcome.',
    attributes: { ...stage, outcome: ['moved', 'stale', 'skipped', 'blocked', 'dead-letter', 'retry'] },
  },
  'sluice.stage.batch.size': {
    kind: 'histogram',
    unit: '{message}',
    description: 'Messages that one statement of a stage settled.',
    attributes: stage,
    buckets: SIZES,
  },
  'sluice.stage.apply.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of the statement that moves a batch of transactions.',
    attributes: stage,
    buckets: SHORT_SECONDS,
  },
  'sluice.stage.event.age': {
    kind: 'histogram',
    unit: 's',
    description: 'From the timestamp of the record to the moment the stage has settled it.',
    attributes: stage,
    buckets: LONG_SECONDS,
  },
  'sluice.stage.in_flight': {
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages taken over from Kafka and not yet settled.',
    attributes: stage,
  },
  'sluice.stage.busy': {
    kind: 'counter',
    unit: 's',
    description: 'Seconds in which the stage had at least one message in work.',
    attributes: stage,
  },
  'sluice.stage.rebalances': {
    kind: 'counter',
    unit: '{rebalance}',
    description: 'Rebalances of the consumer group that have taken partitions from this process.',
    attributes: stage,
  },
  'sluice.stage.commits': {
    kind: 'counter',
    unit: '{commit}',
    description: 'Offset commits, by outcome (ok, failed).',
    attributes: { ...stage, outcome: 'text' },
  },
  'sluice.consumer.restarts': {
    kind: 'counter',
    unit: '{restart}',
    description: 'Times the Kafka consumer crashed and began again by itself.',
    attributes: stage,
  },
  'sluice.remote.calls': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls to the remote system, by outcome (ok, declined, timeout, error, ...).',
    attributes: { outcome: 'text' },
  },
  'sluice.remote.call.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of one call to the remote system.',
    attributes: { outcome: 'text' },
    buckets: SHORT_SECONDS,
  },
  'sluice.remote.circuit.state': {
    kind: 'gauge',
    unit: '1',
    description: 'Circuit breaker of the remote system: 0 closed, 1 half open, 2 open.',
    attributes: {},
  },
  'sluice.remote.retries': {
    kind: 'counter',
    unit: '{retry}',
    description: 'Retries scheduled in the database.',
    attributes: {},
  },
  'sluice.dead_letters': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages put aside as dead letters, by stage and cause.',
    attributes: { stage: [...STAGES, 'relay'], cause: 'text' },
  },
  'sluice.sweeper.reemitted': {
    kind: 'counter',
    unit: '{transaction}',
    description: 'Transactions whose event was published again because they had not moved, by their state.',
    attributes: { state: 'text' },
  },
  'sluice.sweeper.expired': {
    kind: 'counter',
    unit: '{transaction}',
    description: 'Transactions ended by the sweeper because their deadline had passed.',
    attributes: {},
  },
  'sluice.simulator.calls': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls that the remote simulator received, by what it did with them.',
    attributes: { outcome: 'text' },
  },
  'sluice.simulator.in_flight': {
    kind: 'gauge',
    unit: '{call}',
    description: 'Calls that the remote simulator is working on.',
    attributes: {},
  },
  'sluice.transaction.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'From acceptance to the terminal state, recorded by the process that ends the transaction.',
    attributes: { state: TERMINAL_STATES },
    buckets: LONG_SECONDS,
  },
  ...OPERATOR_METRICS,
  'process.memory.usage': {
    kind: 'gauge',
    unit: 'By',
    description: 'Resident memory of the process.',
    attributes: {},
  },
  'process.cpu.time': {
    kind: 'counter',
    unit: 's',
    description: 'CPU seconds used by the process.',
    attributes: { mode: ['user', 'system'] },
  },
  'process.uptime': {
    kind: 'gauge',
    unit: 's',
    description: 'Seconds since the process started.',
    attributes: {},
  },
  'nodejs.eventloop.delay.p99': {
    kind: 'gauge',
    unit: 's',
    description: '99th percentile of the event-loop delay since the last scrape.',
    attributes: {},
  },
  'nodejs.heap.used': {
    kind: 'gauge',
    unit: 'By',
    description: 'JavaScript heap in use.',
    attributes: {},
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

type Table = typeof METRICS;
export type MetricName = keyof Table;

/** The names of the metrics of one kind. */
export type NameOf<Kind extends MetricKind> = {
  [Name in MetricName]: Table[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

type ValueOf<Values> = Values extends readonly (infer Value)[]
  ? Value
  : Values extends 'number'
    ? number
    : string;

/** The attributes of a metric: all of them are required. */
export type AttributesOf<Name extends MetricName> = {
  readonly [Key in keyof Table[Name]['attributes']]: ValueOf<Table[Name]['attributes'][Key]>;
};

/** The name of a metric on /metrics. */
export function prometheusName(name: MetricName): string {
  const plain = name.replaceAll('.', '_');
  return METRICS[name].kind === 'counter' ? `${plain}_total` : plain;
}
