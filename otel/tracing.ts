/**
 * Manual spans for what no instrumentation gets right: one trace per transaction, through the outbox, Kafka and
 * every stage. With tracing off nothing is recorded, and each span hands on the traceparent it was given.
 *
 * Glossary
 *   traceparent  W3C header that names a trace and the span to continue from; 55 characters
 *   send         one outbox row written to Kafka by the relay
 *   process      one message worked on by a stage
 *   call         one request to the remote system
 *   batch        one statement or request that served many of these: a trace of its own, linked both ways
 */
import { randomBytes } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { tracingEnabled } from './registration.ts';
import type { LinkTarget } from './spans.ts';
import { formatTraceparent, RecordedBatch, RecordedSpan } from './spans.ts';

export { tracingEnabled } from './registration.ts';

export interface OpenSpan {
  /** What is to be stored or sent on, so that the next span becomes a child of this one. */
  readonly traceparent: string;
  /** Runs `work` with this span active: what instrumentations record in it becomes its child. */
  run<Result>(work: () => Result): Result;
}

export interface SendOptions {
  readonly topic: string;
  /** Of the event, as the outbox holds it. */
  readonly traceparent: string;
  readonly key: string;
  readonly transactionId: string;
  /** Ms between the outbox row's commit and now. */
  readonly outboxDelayMs: number;
  readonly batch?: BatchSpan | undefined;
}
export interface SendSpan extends OpenSpan {
  end(error?: unknown): void;
}

export interface ProcessOptions {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
  readonly transactionId: string;
  /** From the message's headers; without one the span begins a trace. */
  readonly traceparent: string | undefined;
  /** Unix ms of the record: shows how long it has waited in Kafka. */
  readonly timestampMs?: number | undefined;
  readonly batch?: BatchSpan | undefined;
}
export interface ProcessSpan extends OpenSpan {
  /** `outcome` as in the metric sluice.stage.messages; `state` is where the transaction stands now. */
  end(outcome: string, error?: unknown, state?: string): void;
}

export interface CallOptions {
  readonly method: string;
  /** Absolute; credentials and query are left out of the span. */
  readonly url: string;
  readonly transactionId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Of the process span that calls. */
  readonly traceparent: string;
}
export interface CallSpan extends OpenSpan {
  /** The status code of the answer, or what went wrong instead of one. */
  end(answer: number | Error): void;
}

export interface BatchOptions {
  /** Messages or rows in the batch. */
  readonly size: number;
  readonly stage?: string;
  readonly topic?: string;
}
/** Pass it as `batch` to the spans it serves: they link to it, and it to them. */
export interface BatchSpan extends LinkTarget {
  /** Runs `work`, a statement mostly, with the batch span active. */
  run<Result>(work: () => Result): Result;
  end(error?: unknown): void;
}

/** A span for one outbox row that goes to Kafka; its `traceparent` belongs into the message's headers. */
export function startSend(options: SendOptions): SendSpan {
  if (!tracingEnabled()) return new PassThrough(options.traceparent);
  return new RecordedSend(tracer(), {
    name: `send ${options.topic}`,
    kind: SpanKind.PRODUCER,
    parent: options.traceparent,
    batch: options.batch,
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': options.topic,
      'kafka.message.key': options.key,
      'sluice.transaction.id': options.transactionId,
      'sluice.outbox.delay_ms': options.outboxDelayMs,
    },
  });
}

/** A span for one message that a stage works on; its `traceparent` belongs into the events that come of it. */
export function startProcess(options: ProcessOptions): ProcessSpan {
  if (!tracingEnabled()) return new PassThrough(options.traceparent ?? newTraceparent());
  const attributes: Attributes = {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': options.topic,
    'messaging.destination.partition.id': String(options.partition),
    'messaging.consumer.group.name': options.group,
    'kafka.offset': Number(options.offset),
    'sluice.stage': options.stage,
    'sluice.transaction.id': options.transactionId,
  };
  if (options.timestampMs !== undefined)
    attributes['sluice.kafka.wait_ms'] = Math.max(0, Date.now() - options.timestampMs);
  return new RecordedProcess(tracer(), {
    name: `process ${options.topic}`,
    kind: SpanKind.CONSUMER,
    parent: options.traceparent,
    batch: options.batch,
    attributes,
  });
}

/** A span for one request to the remote system; its `traceparent` belongs into the request's headers. */
export function startCall(options: CallOptions): CallSpan {
  if (!tracingEnabled()) return new PassThrough(options.traceparent);
  const url = new URL(options.url);
  return new RecordedCall(tracer(), {
    name: options.method,
    kind: SpanKind.CLIENT,
    parent: options.traceparent,
    attributes: {
      'http.request.method': options.method,
      'url.full': `${url.origin}${url.pathname}`,
      'server.address': url.hostname,
      'server.port': Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
      'http.request.resend_count': options.attempt - 1,
      'sluice.transaction.id': options.transactionId,
    },
  });
}

/** A span for work that serves many transactions, such as one statement or one request to Kafka. */
export function startBatch(name: string, options: BatchOptions): BatchSpan {
  if (!tracingEnabled()) return NO_BATCH;
  const attributes: Attributes = {
    'messaging.system.name': 'kafka',
    'messaging.batch.message_count': options.size,
  };
  if (options.stage) attributes['sluice.stage'] = options.stage;
  if (options.topic) attributes['messaging.destination.name'] = options.topic;
  return new RecordedBatch(tracer(), name, { kind: SpanKind.CLIENT, attributes });
}

/** The traceparent of the span that is active here, or undefined (always, when tracing is off). */
export function currentTraceparent(): string | undefined {
  if (!tracingEnabled()) return undefined;
  const active = trace.getSpanContext(context.active());
  return active && trace.isSpanContextValid(active) ? formatTraceparent(active) : undefined;
}

/** What is returned while tracing is off: no more than the traceparent it was given. */
class PassThrough implements SendSpan, ProcessSpan, CallSpan {
  readonly traceparent: string;
  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }
  run<Result>(work: () => Result): Result {
    return work();
  }
  end(): void {}
}

const NO_BATCH: BatchSpan = { spanContext: undefined, link() {}, run: (work) => work(), end() {} };

class RecordedSend extends RecordedSpan implements SendSpan {
  end(error?: unknown): void {
    this.finish(error);
  }
}

class RecordedProcess extends RecordedSpan implements ProcessSpan {
  end(outcome: string, error?: unknown, state?: string): void {
    this.span.setAttribute('sluice.outcome', outcome);
    if (state !== undefined) this.span.setAttribute('sluice.transaction.state', state);
    this.finish(error);
  }
}

class RecordedCall extends RecordedSpan implements CallSpan {
  end(answer: number | Error): void {
    if (typeof answer !== 'number') return this.finish(answer);
    this.span.setAttribute('http.response.status_code', answer);
    if (answer >= 400) this.markFailed(String(answer));
    this.finish();
  }
}

function tracer() {
  return trace.getTracer('sluice');
}

/** Unsampled: for a message that came without one while tracing is off. */
function newTraceparent(): string {
  const hex = randomBytes(24).toString('hex');
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-00`;
}
