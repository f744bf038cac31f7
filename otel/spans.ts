import type { Span, SpanContext } from '@opentelemetry/api';
import { context, isSpanContextValid, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import type { SpanDescription, SpanOrigin, SpanStart } from './own-span.ts';
import { OwnSpan } from './own-span.ts';
import { contextOf } from './single-context.ts';
import type { BatchSpan, LinkTarget } from './span-types.ts';
import { formatTraceparent } from './traceparent.ts';

/** A batch links to this many of its spans at the most; each of them links to its batch in any case. */
export const LINKS_MAX = 64;

/**
 * A started span. What it tells is put together when it is first needed, which mostly is when it ends: while a call to the
 * remote system takes half a second, hundreds of them wait, and the garbage collector carries all of them about.
 */
export class RecordedSpan {
  private readonly start: SpanStart;
  private readonly describe: () => SpanDescription;
  private readonly origin: SpanOrigin;
  private readonly batch: LinkTarget | undefined;
  private made: OwnSpan | undefined;

  constructor(start: SpanStart, describe: () => SpanDescription, origin: SpanOrigin, batch?: LinkTarget) {
    this.start = start;
    this.describe = describe;
    this.origin = origin;
    this.batch = batch;
    batch?.link(start.context);
  }

  get traceparent(): string {
    return this.start.traceparent;
  }

  protected get span(): OwnSpan {
    if (this.made) return this.made;
    this.made = new OwnSpan(this.describe(), this.start, this.origin);
    if (this.batch?.spanContext) this.made.addLink({ context: this.batch.spanContext });
    return this.made;
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

/** Stands for a span that is not recorded, and hands its name on: what follows is not recorded either. */
export class UnrecordedSpan {
  readonly isRecorded = false;
  readonly traceparent: string;

  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }

  run<Result>(work: () => Result): Result {
    return unrecorded(work);
  }

  end(): void {}
}

/** Work that serves many transactions at once: the root of a trace of its own. */
export class RecordedBatch implements LinkTarget {
  private readonly span: OwnSpan;
  private links = 0;

  constructor(span: OwnSpan) {
    this.span = span;
  }

  get spanContext(): SpanContext {
    return this.span.spanContext();
  }

  get isFull(): boolean {
    return this.links >= LINKS_MAX;
  }

  link(to: SpanContext): void {
    if (this.links++ < LINKS_MAX) this.span.addLink({ context: to });
  }

  run<Result>(work: () => Result): Result {
    return context.with(contextOf(this.span), work);
  }

  end(error?: unknown): void {
    if (error !== undefined) fail(this.span, error);
    this.span.end();
  }
}

/** What surrounds a batch that is not recorded: no span, so that its statements are not either. */
export const UNRECORDED_BATCH: BatchSpan = {
  spanContext: undefined,
  link() {},
  run: unrecorded,
  end() {},
};

/** Runs `work` in the trace of none. To be in a context costs a map that lives as long as what is awaited in it. */
function unrecorded<Result>(work: () => Result): Result {
  return context.active() === ROOT_CONTEXT ? work() : context.with(ROOT_CONTEXT, work);
}

/** Of the span that surrounds this; undefined where none is recorded. */
export function activeTraceparent(): string | undefined {
  const span = trace.getSpan(context.active());
  if (!span) return undefined;
  if (span instanceof OwnSpan) return span.traceparent;
  const named = span.spanContext();
  return isSpanContextValid(named) ? formatTraceparent(named) : undefined;
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
