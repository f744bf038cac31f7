import type { Attributes, Link, Span, SpanContext } from '@opentelemetry/api';
import { context, propagation, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { SpanDescription, SpanOrigin } from './child-span.ts';
import { ChildSpan, SCOPE } from './child-span.ts';
import type {
  BatchOptions,
  CallOptions,
  CallSpan,
  ProcessOptions,
  ProcessSpan,
  RequestOptions,
  RequestSpan,
  SendOptions,
  SendSpan,
  SpanRecorder,
} from './span-types.ts';
import {
  activeTraceparent,
  formatTraceparent,
  RecordedBatch,
  readTraceparent,
  RecordedSpan,
  UNRECORDED_BATCH,
  UnrecordedSpan,
} from './spans.ts';

/**
 * Makes spans. Names and attributes follow the semantic conventions for messaging and HTTP; what is ours begins
 * with `sluice.`. The list is in schema/README.md.
 *
 * What begins a trace is asked of the SDK, whose sampler decides; what continues one follows the flag that came
 * with it, so that a transaction is recorded in all services or in none, and costs next to nothing in the latter case.
 */
export function createRecorder(origin: SpanOrigin): SpanRecorder {
  const tracer = trace.getTracer(SCOPE.name);

  /** `wrap` gets the span when it is to be recorded. */
  function open<Recorded>(
    traceparent: string | undefined,
    describe: () => SpanDescription,
    wrap: (span: Span) => Recorded,
  ): Recorded | UnrecordedSpan {
    const parent = traceparent === undefined ? null : readTraceparent(traceparent);
    if (parent && !isSampled(parent)) return new UnrecordedSpan(traceparent!);
    const description = describe();
    if (parent) return wrap(new ChildSpan(description, parent, origin));
    return wrap(tracer.startSpan(description.name, { ...description, root: true }, ROOT_CONTEXT));
  }

  return {
    request(options) {
      const parent = propagation.extract(ROOT_CONTEXT, options.headers);
      const span = tracer.startSpan(options.method, { kind: SpanKind.SERVER }, parent);
      if (!span.isRecording()) return new UnrecordedSpan(formatTraceparent(span.spanContext()));
      return new RecordedRequest(span, options);
    },
    send: (options) =>
      open(
        options.traceparent,
        () => sendSpan(options),
        (span) => new RecordedSend(span, options.batch),
      ),
    process: (options) =>
      open(
        options.traceparent,
        () => processSpan(options),
        (span) => new RecordedProcess(span, options.batch),
      ),
    call: (options) =>
      open(
        options.traceparent,
        () => callSpan(options),
        (span) => new RecordedCall(span),
      ),
    batch(name, options) {
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, root: true }, ROOT_CONTEXT);
      if (!span.isRecording()) return UNRECORDED_BATCH;
      const batch = new RecordedBatch(span.setAttributes(batchAttributes(options)));
      for (const traceparent of options.traceparents ?? []) {
        if (batch.isFull) break;
        const member = readTraceparent(traceparent);
        if (member && isSampled(member)) batch.link(member);
      }
      return batch;
    },
    beginnings(name) {
      const request = trace.getSpanContext(context.active());
      const links: Link[] = request ? [{ context: request }] : [];
      return () => {
        const span = tracer.startSpan(name, { kind: SpanKind.PRODUCER, root: true, links }, ROOT_CONTEXT);
        span.end();
        return formatTraceparent(span.spanContext());
      };
    },
    untraced: (work) => context.with(suppressTracing(ROOT_CONTEXT), work),
    current: activeTraceparent,
  };
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

class RecordedRequest extends RecordedSpan implements RequestSpan {
  private readonly method: string;

  constructor(span: Span, { method, path, headers }: RequestOptions) {
    super(span);
    this.method = method;
    span.setAttributes({ 'http.request.method': method, 'url.path': path, 'url.scheme': 'http' });
    const agent = headers['user-agent'];
    if (agent !== undefined) span.setAttribute('user_agent.original', agent);
  }

  end(status: number, route: string | undefined): void {
    this.span.setAttribute('http.response.status_code', status);
    if (route !== undefined) {
      this.span.updateName(`${this.method} ${route}`);
      this.span.setAttribute('http.route', route);
    }
    if (status >= 500) this.markFailed(String(status));
    this.finish();
  }
}

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

function sendSpan(options: SendOptions): SpanDescription {
  return {
    name: `send ${options.topic}`,
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': options.topic,
      'kafka.message.key': options.key,
      'sluice.transaction.id': options.transactionId,
      'sluice.outbox.delay_ms': options.outboxDelayMs,
    },
  };
}

function processSpan(options: ProcessOptions): SpanDescription {
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
  return {
    name: `process ${options.topic}`,
    kind: SpanKind.CONSUMER,
    attributes,
  };
}

function callSpan(options: CallOptions): SpanDescription {
  const url = new URL(options.url);
  const attributes: Attributes = {
    'http.request.method': options.method,
    'url.full': `${url.origin}${url.pathname}`,
    'server.address': url.hostname,
    'server.port': Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    'sluice.transaction.id': options.transactionId,
  };
  if (options.attempt > 1) attributes['http.request.resend_count'] = options.attempt - 1;
  return { name: options.method, kind: SpanKind.CLIENT, attributes };
}

function batchAttributes({ size, stage, topic }: BatchOptions): Attributes {
  const attributes: Attributes = { 'messaging.system.name': 'kafka', 'messaging.batch.message_count': size };
  if (stage) attributes['sluice.stage'] = stage;
  if (topic) attributes['messaging.destination.name'] = topic;
  return attributes;
}
