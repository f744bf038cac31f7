import type {
  Attributes,
  AttributeValue,
  Exception,
  HrTime,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanStatus,
} from '@opentelemetry/api';
import { SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace';
import { formatTraceparent } from './traceparent.ts';

/** What all spans of this process have in common, and where they go when they have ended. */
export interface SpanOrigin {
  readonly resource: ReadableSpan['resource'];
  readonly onEnd: (span: ReadableSpan) => void;
}

export interface SpanDescription {
  readonly name: string;
  readonly kind: SpanKind;
  /** Become the span's own, unchecked: strings, numbers and booleans. */
  readonly attributes: Attributes;
}

/** Where a span stands: `parent` is undefined for one that begins a trace. */
export interface SpanPlace {
  readonly traceId: string;
  readonly parent: SpanContext | undefined;
}

/** A span that has begun, before anything is said about it. */
export interface SpanStart {
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  /** Its name in a header. */
  readonly traceparent: string;
  readonly startMs: number;
  /** Monotonic, unlike the clock on the wall. */
  readonly began: number;
}

/** That it is to be recorded has been decided: where the trace begins, nowhere else. */
export function startSpan({ traceId, parent }: SpanPlace): SpanStart {
  const context: SpanContext = { traceId, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED };
  if (parent?.traceState) context.traceState = parent.traceState;
  const traceparent = formatTraceparent(context);
  return { context, parent, traceparent, startMs: Date.now(), began: performance.now() };
}

const ids = new RandomIdGenerator();
export const newTraceId = (): string => ids.generateTraceId();
export const newSpanId = (): string => ids.generateSpanId();

const SCOPE = { name: 'sluice' };
const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };
const NO_DURATION: HrTime = [0, 0];

/**
 * A recorded span. Does what the SDK's own does, without what need not be done again for each span of a
 * transaction: asking the sampler, checking attributes that we have written ourselves, counting for metrics
 * of the SDK that nobody has turned on. ADR 16 says why.
 */
export class OwnSpan implements Span, ReadableSpan {
  /** Its name in a header. */
  readonly traceparent: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly attributes: Attributes;
  readonly links: Link[] = [];
  readonly events: TimedEvent[] = [];
  readonly startTime: HrTime;
  readonly resource: ReadableSpan['resource'];
  readonly instrumentationScope = SCOPE;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  name: string;
  status: SpanStatus = UNSET;
  endTime: HrTime = NO_DURATION;
  duration: HrTime = NO_DURATION;
  ended = false;
  private readonly context: SpanContext;
  private readonly startMs: number;
  private readonly began: number;
  private readonly onEnd: SpanOrigin['onEnd'];

  constructor(description: SpanDescription, start: SpanStart, { resource, onEnd }: SpanOrigin) {
    this.name = description.name;
    this.kind = description.kind;
    this.attributes = description.attributes;
    if (start.parent) this.parentSpanContext = start.parent;
    this.context = start.context;
    this.traceparent = start.traceparent;
    this.resource = resource;
    this.onEnd = onEnd;
    this.startMs = start.startMs;
    this.began = start.began;
    this.startTime = millisToHrTime(this.startMs);
  }

  spanContext(): SpanContext {
    return this.context;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (!this.ended) this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (!this.ended) Object.assign(this.attributes, attributes);
    return this;
  }

  addLink(link: Link): this {
    if (!this.ended) this.links.push(link);
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  addEvent(name: string, attributes?: unknown): this {
    if (!this.ended)
      this.events.push({
        name,
        time: millisToHrTime(this.startMs + performance.now() - this.began),
        attributes: (attributes ?? {}) as Attributes,
        droppedAttributesCount: 0,
      });
    return this;
  }

  recordException(exception: Exception): void {
    const { message, name, stack, code } =
      typeof exception === 'string'
        ? { message: exception, name: 'Error', stack: undefined, code: undefined }
        : exception;
    this.addEvent('exception', {
      'exception.type': String(code ?? name),
      'exception.message': message,
      ...(stack !== undefined && { 'exception.stacktrace': stack }),
    });
  }

  setStatus(status: SpanStatus): this {
    if (!this.ended) this.status = status;
    return this;
  }

  updateName(name: string): this {
    if (!this.ended) this.name = name;
    return this;
  }

  end(): void {
    if (this.ended) return;
    const elapsedMs = performance.now() - this.began;
    this.endTime = millisToHrTime(this.startMs + elapsedMs);
    this.duration = millisToHrTime(elapsedMs);
    this.ended = true;
    this.onEnd(this);
  }
}
