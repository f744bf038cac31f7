import type { Attributes } from '@opentelemetry/api';
import { context, isSpanContextValid, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { parseTraceParent, suppressTracing } from '@opentelemetry/core';
import type {
  BatchOptions,
  CallOptions,
  CallSpan,
  ProcessOptions,
  ProcessSpan,
  SendOptions,
  SendSpan,
  SpanRecorder,
} from './span-types.ts';
import { formatTraceparent, LINKS_MAX, RecordedBatch, RecordedSpan } from './spans.ts';

/**
 * Makes spans through the OpenTelemetry API. Names and attributes follow the semantic conventions for messaging
 * and HTTP clients; what is ours begins with `sluice.`. The list is in schema/README.md.
 */
export function createRecorder(): SpanRecorder {
  const tracer = trace.getTracer('sluice');
  return {
    send: (options) => new RecordedSend(tracer, sendSpan(options)),
    process: (options) => new RecordedProcess(tracer, processSpan(options)),
    call: (options) => new RecordedCall(tracer, callSpan(options)),
    batch(name, options) {
      const { traceparents = [] } = options;
      const batch = new RecordedBatch(tracer, name, {
        kind: SpanKind.CLIENT,
        attributes: batchAttributes(options),
      });
      for (const traceparent of traceparents.slice(0, LINKS_MAX)) {
        const member = parseTraceParent(traceparent);
        if (member) batch.link(member);
      }
      return batch;
    },
    begin(name) {
      const request = trace.getSpanContext(context.active());
      const links = request ? [{ context: request }] : [];
      const span = tracer.startSpan(name, { kind: SpanKind.PRODUCER, root: true, links });
      span.end();
      return formatTraceparent(span.spanContext());
    },
    untraced(work) {
      return context.with(suppressTracing(ROOT_CONTEXT), work);
    },
    current() {
      const active = trace.getSpanContext(context.active());
      return active && isSpanContextValid(active) ? formatTraceparent(active) : undefined;
    },
  };
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

function sendSpan(options: SendOptions) {
  return {
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
  };
}

function processSpan(options: ProcessOptions) {
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
    parent: options.traceparent,
    batch: options.batch,
    attributes,
  };
}

function callSpan(options: CallOptions) {
  const url = new URL(options.url);
  const attributes: Attributes = {
    'http.request.method': options.method,
    'url.full': `${url.origin}${url.pathname}`,
    'server.address': url.hostname,
    'server.port': Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    'sluice.transaction.id': options.transactionId,
  };
  if (options.attempt > 1) attributes['http.request.resend_count'] = options.attempt - 1;
  return { name: options.method, kind: SpanKind.CLIENT, parent: options.traceparent, attributes };
}

function batchAttributes({ size, stage, topic }: BatchOptions): Attributes {
  const attributes: Attributes = { 'messaging.system.name': 'kafka', 'messaging.batch.message_count': size };
  if (stage) attributes['sluice.stage'] = stage;
  if (topic) attributes['messaging.destination.name'] = topic;
  return attributes;
}
