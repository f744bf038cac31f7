/**
 * The spans that Sluice records by itself, written down once. Spans of statements come from the
 * instrumentation of pg. Attributes without `sluice.` are OpenTelemetry semantic conventions.
 */
export interface SpanDefinition {
  readonly name: string;
  readonly kind: 'SERVER' | 'PRODUCER' | 'CONSUMER' | 'CLIENT';
  readonly description: string;
  readonly parent: string;
  readonly attributes: readonly string[];
}

/** On a span that failed, beside its exception event and its status. */
export const ERROR_ATTRIBUTE = 'error.type';

export const SPANS = {
  request: {
    name: '<method> <route>',
    kind: 'SERVER',
    description: 'The API, or the remote simulator, answers a request.',
    parent: "the client's, where it sent a traceparent",
    attributes: [
      'http.request.method',
      'http.response.status_code',
      'http.route',
      'url.path',
      'url.scheme',
      'user_agent.original',
    ],
  },
  send: {
    name: 'send <topic>',
    kind: 'PRODUCER',
    description: 'The relay writes one outbox row to Kafka.',
    parent: 'the span that wrote the event',
    attributes: [
      'messaging.system.name',
      'messaging.operation.name',
      'messaging.operation.type',
      'messaging.destination.name',
      'kafka.message.key',
      'sluice.transaction.id',
      'sluice.outbox.delay_ms',
    ],
  },
  process: {
    name: 'process <topic>',
    kind: 'CONSUMER',
    description: 'A stage works on one message.',
    parent: 'the send span of the message',
    attributes: [
      'messaging.system.name',
      'messaging.operation.name',
      'messaging.operation.type',
      'messaging.destination.name',
      'messaging.destination.partition.id',
      'messaging.consumer.group.name',
      'kafka.offset',
      'sluice.stage',
      'sluice.transaction.id',
      'sluice.transaction.state',
      'sluice.kafka.wait_ms',
      'sluice.outcome',
    ],
  },
  call: {
    name: '<method>',
    kind: 'CLIENT',
    description: 'The remote stage sends one request to the remote system.',
    parent: 'the process span',
    attributes: [
      'http.request.method',
      'http.request.resend_count',
      'http.response.status_code',
      'url.full',
      'server.address',
      'server.port',
      'sluice.transaction.id',
    ],
  },
  begin: {
    name: 'as the caller names it',
    kind: 'PRODUCER',
    description:
      'Begins the trace of one of many things that one request brought: a line of a bulk submission.',
    parent: 'none: it begins a trace, linked to the request',
    attributes: [],
  },
  batch: {
    name: 'as the caller names it',
    kind: 'CLIENT',
    description: 'One statement or request that served many of the above; linked to them, and they to it.',
    parent: 'none: it begins a trace of its own',
    attributes: [
      'messaging.system.name',
      'messaging.batch.message_count',
      'messaging.destination.name',
      'sluice.stage',
    ],
  },
} as const satisfies Readonly<Record<string, SpanDefinition>>;
