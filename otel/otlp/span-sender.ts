import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import { context, diag, ROOT_CONTEXT, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { encodeResource, encodeScope, encodeSpan } from './encode-span.ts';
import { ProtoWriter } from './proto-writer.ts';

/** An ExportTraceServiceRequest, encoded. */
export interface SpanRequest {
  readonly bytes: Uint8Array;
  readonly spans: number;
}

/** Takes requests to where they belong; tries again by itself what may be tried again. */
export interface SpanTransport {
  export(request: SpanRequest, done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

export interface SpanSenderOptions {
  readonly resource: ReadableSpan['resource'];
  readonly transport: SpanTransport;
  /** Spans that wait to be sent, at the most; more are dropped. */
  readonly maxQueueSize: number;
  /** Spans that are sent without waiting for more. */
  readonly maxExportBatchSize: number;
  /** Ms that a span waits for others at the most, while the endpoint answers. */
  readonly scheduledDelayMillis: number;
}

/**
 * Collects spans and sends them, one request at a time. What sets it apart from the SDK's BatchSpanProcessor: a span is
 * encoded the moment it ends. As objects that wait for half a second, all of them outlive the young generation, and
 * what the garbage collector has to do for that costs more than the spans themselves (ADR 16).
 */
export class SpanSender implements SpanProcessor {
  private readonly options: SpanSenderOptions;
  private readonly writers = new Map<ReadableSpan['instrumentationScope'], ProtoWriter>();
  private readonly request = new ProtoWriter();
  private waiting = 0;
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private stopped = false;

  constructor(options: SpanSenderOptions) {
    this.options = options;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.stopped || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.waiting >= this.options.maxQueueSize) return this.drop();
    encodeSpan(this.writerOf(span), span);
    this.waiting++;
    if (this.sending) return;
    if (this.waiting >= this.options.maxExportBatchSize) void this.send();
    else this.timer ??= this.later();
  }

  /** Sends what waits, and resolves when it has been taken, or cannot be. */
  async forceFlush(): Promise<void> {
    while (this.sending) await this.sending;
    if (this.waiting > 0) await this.send();
  }

  async shutdown(): Promise<void> {
    this.stopped = true;
    await this.forceFlush();
    await this.options.transport.shutdown();
  }

  /** Spans that are the SDK's own, such as those of statements, have scopes of their own. */
  private writerOf({ instrumentationScope }: ReadableSpan): ProtoWriter {
    let writer = this.writers.get(instrumentationScope);
    if (!writer) this.writers.set(instrumentationScope, (writer = new ProtoWriter()));
    return writer;
  }

  private drop(): void {
    if (this.dropped++ === 0) diag.warn('Spans are dropped: they end faster than the endpoint takes them.');
  }

  /** Belongs to nobody's trace, whoever has set it off. */
  private later(): NodeJS.Timeout {
    return context.with(ROOT_CONTEXT, () =>
      setTimeout(() => void this.send(), this.options.scheduledDelayMillis).unref(),
    );
  }

  private send(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const request = this.take();
    const sending = context
      .with(ROOT_CONTEXT, () => this.deliver(request))
      .then(() => {
        this.sending = undefined;
        if (this.waiting >= this.options.maxExportBatchSize) void this.send();
        else if (this.waiting > 0) this.timer ??= this.later();
      });
    this.sending = sending;
    return sending;
  }

  private deliver(request: SpanRequest): Promise<void> {
    return new Promise((resolve) => {
      this.options.transport.export(request, ({ code, error }) => {
        if (code !== ExportResultCode.SUCCESS)
          diag.warn(`${request.spans} spans could not be sent: ${error?.message}`);
        resolve();
      });
    });
  }

  /** All that waits, as one ResourceSpans with a ScopeSpans for each scope. */
  private take(): SpanRequest {
    const { request, waiting: spans } = this;
    const resourceSpans = request.begin(1);
    encodeResource(request, this.options.resource.attributes);
    for (const [scope, writer] of this.writers) {
      if (writer.length === 0) continue;
      const scopeSpans = request.begin(2);
      encodeScope(request, scope);
      request.append(writer);
      request.end(scopeSpans);
    }
    request.end(resourceSpans);
    if (this.dropped > 0) diag.warn(`${this.dropped} spans were dropped.`);
    this.waiting = 0;
    this.dropped = 0;
    return { bytes: request.take(), spans };
  }
}
