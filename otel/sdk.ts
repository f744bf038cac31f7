import type { IncomingMessage } from 'node:http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { KoaInstrumentation, KoaLayerType } from '@opentelemetry/instrumentation-koa';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { register } from 'import-in-the-middle/register-hooks.mjs';
import { createRecorder } from './recorder.ts';
import { setRegistration } from './registration.ts';
import { defaultServiceName } from './tracing-env.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Modules that are patched while they load; everything else loads as without tracing. */
const PATCHED = ['koa', '@koa/router', 'pg', 'pino'];
/** Probes and scrapes: a span each would drown the transactions. */
const UNTRACED = new Set(['/livez', '/readyz', '/metrics']);

/**
 * Starts the OpenTelemetry SDK for traces only: metrics are served by metrics.ts, logs go to stdout. Must run
 * before koa and pg are imported: they are patched while they load.
 */
export function startTracing(env: Env, mainPath: string | undefined): void {
  // ESM imports reach the instrumentations only through this hook.
  register({ include: PATCHED });
  const sampler = defaultSampler(env);
  const sdk = new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': defaultServiceName(mainPath, env) }),
    ),
    spanProcessors: [spanProcessor(env)],
    ...(sampler && { sampler }),
    instrumentations: instrumentations(),
    // Not undefined: the SDK would then add exporters for both by itself.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  setRegistration({ recorder: createRecorder(), shutdown: () => sdk.shutdown() });
}

function instrumentations(): Instrumentation[] {
  return [
    new HttpInstrumentation({ ignoreIncomingRequestHook: isUntraced }),
    new KoaInstrumentation({ ignoreLayersType: [KoaLayerType.MIDDLEWARE] }),
    // Without a parent, polling queries and those of start-up would each be a trace.
    new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    new PinoInstrumentation({ disableLogSending: true }),
  ];
}

function isUntraced({ url = '' }: IncomingMessage): boolean {
  return UNTRACED.has(url.split('?', 1)[0] ?? '');
}

/** The SDK's own defaults (2,048 spans, every 5 s) drop spans under load. */
function spanProcessor(env: Env): BatchSpanProcessor {
  return new BatchSpanProcessor({
    exporter: new OTLPTraceExporter(),
    maxQueueSize: positive(env['OTEL_BSP_MAX_QUEUE_SIZE'], 16_384),
    maxExportBatchSize: positive(env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], 2_048),
    scheduledDelayMillis: positive(env['OTEL_BSP_SCHEDULE_DELAY'], 1_000),
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
