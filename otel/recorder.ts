import type { Attributes, Context, SpanContext } from '@opentelemetry/api';
import { context, propagation, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { ParentBasedSampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import type { SpanDescription, SpanOrigin, SpanPlace, SpanStart } from './own-span.ts';
import { newSpanId, newTraceId, OwnSpan, startSpan } from './own-span.ts';
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
import { contextOf } from './single-context.ts';
import { activeTraceparent, RecordedBatch, RecordedSpan, UNRECORDED_BATCH, UnrecordedSpan } from './spans.ts';
import { formatTraceparent, isUnsampled, readTraceparent } from './traceparent.ts';

export interface RecorderOptions extends SpanOrigin {
  readonly sampler: Sampler;
}

/**
 * Makes spans. Names and attributes follow the semantic conventions for messaging and HTTP; what is ours begins
 * with `sluice.`. The list is in schema/README.md.
 *
 * What begins a trace is decided by the sampler; what continues one follows the flag that came with it, so that a
 * transaction is recorded in all services or in none, and costs next to nothing in the latter case.
 */
export function createRecorder(options: RecorderOptions): SpanRecorder {
  const { sampler } = options;
  const followsParent = sampler instanceof ParentBasedSampler;

  /** Where what begins here stands, a request of a client's trace included; a traceparent when it is not recorded. */
  function begin(name: string, kind: SpanKind, from: Context = ROOT_CONTEXT): SpanPlace | UnrecordedSpan {
    const parent = from === ROOT_CONTEXT ? undefined : trace.getSpanContext(from);
    const traceId = parent?.traceId ?? newTraceId();
    const { decision } = sampler.shouldSample(from, traceId, name, kind, {}, []);
    if (decision === SamplingDecision.RECORD_AND_SAMPLED) return { traceId, parent };
    const unsampled = { traceId, spanId: newSpanId(), traceFlags: TraceFlags.NONE };
    return new UnrecordedSpan(formatTraceparent(unsampled));
  }

  /** `wrap` gets the span when it is to be recorded; `root` says what it is, where it begins a trace. */
  function open<Recorded>(
    traceparent: string | undefined,
    root: () => readonly [name: string, kind: SpanKind],
    wrap: (start: SpanStart) => Recorded,
  ): Recorded | UnrecordedSpan {
    if (traceparent !== undefined && isUnsampled(traceparent)) return new UnrecordedSpan(traceparent);
    const parent = traceparent === undefined ? null : readTraceparent(traceparent);
    if (parent && !isSampled(parent)) return new UnrecordedSpan(traceparent!);
    if (parent) return wrap(startSpan({ traceId: parent.traceId, parent }));
    const place = begin(...root());
    return place instanceof UnrecordedSpan ? place : wrap(startSpan(place));
  }

  return {
    request(request) {
      const followed = followsParent ? soleParent(request) : undefined;
      const place = followed ?? begin(request.method, SpanKind.SERVER, clientContext(request));
      if (place instanceof UnrecordedSpan) return place;
      return new RecordedRequest(startSpan(place), () => requestSpan(request), options);
    },
    send: (sending) =>
      open(
        sending.traceparent,
        () => [sendName(sending), SpanKind.PRODUCER],
        (start) => new RecordedSend(start, () => sendSpan(sending), options, sending.batch),
      ),
    process: (message) =>
      open(
        message.traceparent,
        () => [processName(message), SpanKind.CONSUMER],
        (start) => new RecordedProcess(start, () => processSpan(message, start), options, message.batch),
      ),
    call: (call) =>
      open(
        call.traceparent,
        () => [call.method, SpanKind.CLIENT],
        (start) => new RecordedCall(start, () => callSpan(call), options),
      ),
    batch(name, described) {
      const kind = SpanKind.CLIENT;
      const place = begin(name, kind);
      if (place instanceof UnrecordedSpan) return UNRECORDED_BATCH;
      const attributes = batchAttributes(described);
      const batch = new RecordedBatch(new OwnSpan({ name, kind, attributes }, startSpan(place), options));
      for (const traceparent of described.traceparents ?? []) {
        if (batch.isFull) break;
        const member = isUnsampled(traceparent) ? null : readTraceparent(traceparent);
        if (member && isSampled(member)) batch.link(member);
      }
      return batch;
    },
    beginnings(name) {
      const kind = SpanKind.PRODUCER;
      const request = trace.getSpanContext(context.active());
      return () => {
        const place = begin(name, kind);
        if (place instanceof UnrecordedSpan) return place.traceparent;
        const span = new OwnSpan({ name, kind, attributes: {} }, startSpan(place), options);
        if (request) span.addLink({ context: request });
        span.end();
        return span.traceparent;
      };
    },
    untraced: (work) => context.with(suppressTracing(ROOT_CONTEXT), work),
    current: activeTraceparent,
  };
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

/**
 * Where a request stands of a client whose trace is named by a traceparent and by nothing else: to be told by way of
 * contexts takes as long as all the rest. Undefined where it is not as simple as that.
 */
function soleParent({ headers }: RequestOptions): SpanPlace | UnrecordedSpan | undefined {
  const { traceparent } = headers;
  const parent = typeof traceparent === 'string' ? readTraceparent(traceparent) : null;
  if (!parent) return undefined;
  const named = propagation.fields().filter((field) => headers[field] !== undefined);
  if (named.length !== 1 || named[0] !== 'traceparent') return undefined;
  return isSampled(parent)
    ? { traceId: parent.traceId, parent }
    : new UnrecordedSpan(formatTraceparent(parent));
}

/** What the headers of a request say, to those propagators that find something of theirs in them. */
function clientContext({ headers }: RequestOptions): Context {
  const named = propagation.fields().some((field) => headers[field] !== undefined);
  return named ? propagation.extract(ROOT_CONTEXT, headers) : ROOT_CONTEXT;
}

class RecordedRequest extends RecordedSpan implements RequestSpan {
  readonly isRecorded = true;

  run<Result>(work: () => Result): Result {
    return context.with(contextOf(this.span), work);
  }

  end(status: number, route: string | undefined): void {
    this.span.setAttribute('http.response.status_code', status);
    if (route !== undefined) {
      this.span.updateName(`${this.span.name} ${route}`);
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

function requestSpan({ method, path, headers }: RequestOptions): SpanDescription {
  const attributes: Attributes = { 'http.request.method': method, 'url.path': path, 'url.scheme': 'http' };
  const agent = headers['user-agent'];
  if (agent !== undefined) attributes['user_agent.original'] = agent;
  return { name: method, kind: SpanKind.SERVER, attributes };
}

const sendName = ({ topic }: SendOptions): string => `send ${topic}`;
const processName = ({ topic }: ProcessOptions): string => `process ${topic}`;

function sendSpan(options: SendOptions): SpanDescription {
  return {
    name: sendName(options),
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

function processSpan(options: ProcessOptions, { startMs }: SpanStart): SpanDescription {
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
    attributes['sluice.kafka.wait_ms'] = Math.max(0, startMs - options.timestampMs);
  return {
    name: processName(options),
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
