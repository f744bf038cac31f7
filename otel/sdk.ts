import { diag, DiagConsoleLogger, trace } from '@opentelemetry/api';
import { diagLogLevelFromString } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
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
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { installContext } from './install-context.ts';
import { SpanSender } from './otlp/span-sender.ts';
import { openTransport } from './otlp/transport.ts';
import { createRecorder } from './recorder.ts';
import { setRegistration } from './registration.ts';
import { samplerOf } from './sampler.ts';
import { defaultServiceName } from './tracing-env.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Starts the parts of OpenTelemetry's SDK that make traces: metrics are served by metrics.ts, logs go to stdout. The
 * package that puts them together loads every exporter there is (ADR 16). Must run before pg is imported: it is patched
 * while it loads, which needs no hook for ESM since all of it is CommonJS.
 */
export async function startTracing(env: Env, mainPath: string | undefined): Promise<void> {
  const logLevel = diagLogLevelFromString(env['OTEL_LOG_LEVEL']);
  if (logLevel !== undefined) diag.setLogger(new DiagConsoleLogger(), { logLevel });
  const sampler = samplerOf(env);
  const resource = describeProcess(env, mainPath);
  const processor = spanSender(env, resource);
  const tracerProvider = new TracerProvider({ resource, sampler, spanProcessors: [processor] });
  trace.setGlobalTracerProvider(tracerProvider);
  await installContext(env['OTEL_PROPAGATORS']);
  registerInstrumentations({ tracerProvider, instrumentations: instrumentations() });
  const recorder = createRecorder({ resource, sampler, onEnd: (span) => processor.onEnd(span) });
  setRegistration({ recorder, shutdown: () => tracerProvider.shutdown() });
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

/** The SDK's own defaults (a queue of 2,048, emptied every 5 s) drop spans under load. */
function spanSender(env: Env, resource: Resource): SpanSender {
  return new SpanSender({
    resource,
    transport: openTransport(positive(env['OTEL_BSP_EXPORT_TIMEOUT'])),
    maxQueueSize: positive(env['OTEL_BSP_MAX_QUEUE_SIZE']) ?? 16_384,
    maxExportBatchSize: positive(env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE']) ?? 2_048,
    scheduledDelayMillis: positive(env['OTEL_BSP_SCHEDULE_DELAY']) ?? 500,
  });
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : undefined;
}
