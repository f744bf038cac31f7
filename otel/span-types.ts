import type { SpanContext } from '@opentelemetry/api';

/** What a span and its batch know of each other. */
export interface LinkTarget {
  readonly spanContext: SpanContext | undefined;
  link(to: SpanContext): void;
}

export interface OpenSpan {
  /** What is to be stored or sent on, so that the next span becomes a child of this one. */
  readonly traceparent: string;
}

export interface RequestOptions {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Of the request: what the client's trace context is read from, by the propagators of OTEL_PROPAGATORS. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
/** What those who answer a request need of its span. */
export interface RequestTrace {
  /** Of the span, recorded or not, for what the request leads to; undefined while tracing is off. */
  readonly traceparent: string | undefined;
  /**
   * Runs `work` with the span active: its statements become children of the span, and its log lines name it. Costs more
   * than the span itself; work that makes neither does without.
   */
  run<Result>(work: () => Result): Result;
}
export interface RequestSpan extends OpenSpan, RequestTrace {
  readonly traceparent: string;
  /** False: nobody need tell it how the request has ended. */
  readonly isRecorded: boolean;
  /** `route` is the pattern that the path has matched, such as `/v1/transactions/:id`. */
  end(status: number, route: string | undefined): void;
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
  /** Spans it serves that cannot name the batch themselves: it links to them (the first 64). */
  readonly traceparents?: readonly string[];
  readonly stage?: string;
  readonly topic?: string;
}
/** Pass it as `batch` to the spans it serves: they link to it, and it to them. */
export interface BatchSpan extends LinkTarget {
  /** Runs `work`, a statement mostly, with the batch span active. */
  run<Result>(work: () => Result): Result;
  end(error?: unknown): void;
}

/** Makes the spans while tracing is on. */
export interface SpanRecorder {
  request(options: RequestOptions): RequestSpan;
  send(options: SendOptions): SendSpan;
  process(options: ProcessOptions): ProcessSpan;
  call(options: CallOptions): CallSpan;
  batch(name: string, options: BatchOptions): BatchSpan;
  /** Each call of what is returned makes a span that ends at once and begins a trace, linked to what is active now. */
  beginnings(name: string): () => string;
  /** Nothing that `work` does, or sets going, is recorded. */
  untraced<Result>(work: () => Result): Result;
  current(): string | undefined;
}
