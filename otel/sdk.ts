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
import { SpanSender } from './otlp/span-sender.ts';
import { openTransport } from './otlp/transport.ts';
import { createRecorder } from './recorder.ts';
import { setRegistration } from './registration.ts';
import { samplerOf } from './sampler.ts';
import { defaultServiceName } from './tracing-env.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Starts the OpenTelemetry SDK for traces only: metrics are served by metrics.ts, logs go to stdout. Must run
 * before pg is imported: it is patched while it loads, which needs no hook for ESM since all of it is CommonJS.
 */
export function startTracing(env: Env, mainPath: string | undefined): void {
  const sampler = samplerOf(env);
  const resource = describeProcess(env, mainPath);
  const processor = spanSender(env, resource);
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    spanProcessors: [processor],
    sampler,
    instrumentations: instrumentations(),
    // Not undefined: the SDK would then add exporters for both by itself.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const recorder = createRecorder({ resource, sampler, onEnd: (span) => processor.onEnd(span) });
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
 * OTEL_BSP_* as OpenTelemetry specifies them, but for the queue: 2,048 spans are full in a moment under load, and a request
 * of 512 four times as dear as one of 2,048. A request costs a process more than a millisecond, whatever is in it.
 */
function spanSender(env: Env, resource: Resource): SpanSender {
  return new SpanSender({
    resource,
    transport: openTransport(positive(env['OTEL_BSP_EXPORT_TIMEOUT'])),
    maxQueueSize: positive(env['OTEL_BSP_MAX_QUEUE_SIZE']) ?? 16_384,
    maxExportBatchSize: positive(env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE']) ?? 2_048,
    scheduledDelayMillis: positive(env['OTEL_BSP_SCHEDULE_DELAY']) ?? 5_000,
  });
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : undefined;
}
