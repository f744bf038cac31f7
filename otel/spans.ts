import type { Attributes, Context, Link, Span, SpanContext, SpanKind, Tracer } from '@opentelemetry/api';
import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import type { LinkTarget } from './span-types.ts';

/** A batch links to this many of its spans at the most; each of them links to its batch in any case. */
export const LINKS_MAX = 64;

export interface SpanOptions {
  readonly name: string;
  readonly kind: SpanKind;
  /** Traceparent to continue; the span begins a trace where it is absent or not valid. */
  readonly parent: string | undefined;
  readonly attributes: Attributes;
  readonly batch?: LinkTarget | undefined;
}

/** The header value that names a span. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${(traceFlags & 1).toString()}`;
}

/** A started span: its name for others, and its context for what is done in it. */
export class RecordedSpan {
  readonly traceparent: string;
  protected readonly span: Span;
  private readonly parent: Context;

  constructor(tracer: Tracer, options: SpanOptions) {
    this.parent = contextOf(options.parent);
    const { name, kind, attributes, batch } = options;
    const links: Link[] = batch?.spanContext ? [{ context: batch.spanContext }] : [];
    this.span = tracer.startSpan(name, { kind, attributes, links }, this.parent);
    this.traceparent = formatTraceparent(this.span.spanContext());
    if (this.span.isRecording()) batch?.link(this.span.spanContext());
  }

  run<Result>(work: () => Result): Result {
    return context.with(trace.setSpan(this.parent, this.span), work);
  }

  /** An answer that is an error by itself, without an exception: `type` as in the attribute error.type. */
  protected markFailed(type: string): void {
    this.span.setAttribute('error.type', type);
    this.span.setStatus({ code: SpanStatusCode.ERROR });
  }

  protected finish(error?: unknown): void {
    if (error !== undefined) fail(this.span, error);
    this.span.end();
  }
}

/** A span for work that serves many transactions at once: the root of a trace of its own. */
export class RecordedBatch implements LinkTarget {
  private readonly span: Span;
  private links = 0;

  constructor(tracer: Tracer, name: string, options: { kind: SpanKind; attributes: Attributes }) {
    this.span = tracer.startSpan(name, { ...options, root: true }, ROOT_CONTEXT);
  }

  get spanContext(): SpanContext {
    return this.span.spanContext();
  }

  link(to: SpanContext): void {
    if (this.links++ < LINKS_MAX) this.span.addLink({ context: to });
  }

  run<Result>(work: () => Result): Result {
    return context.with(trace.setSpan(ROOT_CONTEXT, this.span), work);
  }

  end(error?: unknown): void {
    if (error !== undefined) fail(this.span, error);
    this.span.end();
  }
}

/**
 * Parsed by hand rather than by the configured propagator: what lies in the outbox is W3C, whatever
 * OTEL_PROPAGATORS says.
 */
function contextOf(traceparent: string | undefined): Context {
  const parsed = traceparent === undefined ? null : parseTraceParent(traceparent);
  return parsed ? trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true }) : ROOT_CONTEXT;
}

function fail(span: Span, error: unknown): void {
  const cause = error instanceof Error ? error : new Error(String(error));
  span.recordException(cause);
  span.setStatus({ code: SpanStatusCode.ERROR, message: cause.message });
  span.setAttribute('error.type', codeOf(cause) ?? cause.name);
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
