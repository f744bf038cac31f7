import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  processDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { createRecorder } from './recorder.ts';
import { setRegistration } from './registration.ts';
import { defaultServiceName } from './tracing-env.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Starts the OpenTelemetry SDK for traces only: metrics are served by metrics.ts, logs go to stdout. Must run
 * before pg is imported: it is patched while it loads, which needs no hook for ESM since all of it is CommonJS.
 */
export function startTracing(env: Env, mainPath: string | undefined): void {
  const sampler = defaultSampler(env);
  const resource = describeProcess(env, mainPath);
  const processor = spanProcessor(env);
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    spanProcessors: [processor],
    ...(sampler && { sampler }),
    instrumentations: instrumentations(),
    // Not undefined: the SDK would then add exporters for both by itself.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const recorder = createRecorder({ resource, onEnd: (span) => processor.onEnd(span) });
  setRegistration({ recorder, shutdown: () => sdk.shutdown() });
}

/** With what the SDK would find out by itself: the recorder's spans are to say the same. */
function describeProcess(env: Env, mainPath: string | undefined): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': defaultServiceName(mainPath, env) }))
    .merge(detectResources({ detectors: [envDetector, processDetector, hostDetector] }));
}

/** Requests, messages and calls have spans of the recorder's own: ADR 16. */
function instrumentations(): Instrumentation[] {
  return [
    // Without a parent, polling queries and those of start-up would each be a trace.
    new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
  ];
}

/**
 * The SDK's own defaults (a queue of 2,048, emptied every 5 s) drop spans under load. What is sent soon is also cheaper:
 * spans that wait are moved to the old part of the heap.
 */
function spanProcessor(env: Env): BatchSpanProcessor {
  return new BatchSpanProcessor({
    exporter: new OTLPTraceExporter(),
    maxQueueSize: positive(env['OTEL_BSP_MAX_QUEUE_SIZE'], 16_384),
    maxExportBatchSize: positive(env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], 1_024),
    scheduledDelayMillis: positive(env['OTEL_BSP_SCHEDULE_DELAY'], 500),
    exportTimeoutMillis: positive(env['OTEL_BSP_EXPORT_TIMEOUT'], 10_000),
  });
}

/** Undefined where OTEL_TRACES_SAMPLER names one: the SDK reads that itself. */
function defaultSampler(env: Env): ParentBasedSampler | undefined {
  if (env['OTEL_TRACES_SAMPLER']) return undefined;
  const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG'] || 1);
  const valid = ratio >= 0 && ratio <= 1;
  return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(valid ? ratio : 1) });
}

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : fallback;
}
