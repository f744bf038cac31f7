import type { DestinationStream, Level, LevelWithSilent, Logger } from 'pino';
import { pino } from 'pino';
import { readTraceparent } from './traceparent.ts';
import { currentTraceparent } from './tracing.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level?: LevelWithSilent;
  /** Default: stdout, written synchronously, so that nothing is lost when the process ends. */
  readonly destination?: DestinationStream;
}

/** What may hold a client's data: never in a log. */
const PAYLOADS = ['payload', 'body', 'value', 'data', 'request.body', 'response.body', '*.payload', '*.body'];

/**
 * A logger that writes one JSON object per line: `time` (ISO 8601), `level` as text, `service`, `msg`, and what
 * the caller adds. By convention `err` is an error, `transactionId` names the transaction that the line is about
 * (`aboutTransaction`), durations carry their unit in the name. `trace_id`, `span_id` and `trace_flags` name the span
 * of that transaction, or else the request at work (OpenTelemetry's names for logs that are not OTLP).
 */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const settings = {
    level: options.level ?? ('info' satisfies Level),
    base: { service: name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    mixin: () => aboutTrace(currentTraceparent()),
    redact: { paths: PAYLOADS, censor: '[redacted]' },
  };
  return pino(settings, options.destination ?? pino.destination({ fd: 1, sync: true }));
}

/** What a line about a transaction says of it: its id, and the span that its event came from, recorded or not. */
export function aboutTransaction(transactionId: string | undefined, traceparent: string | undefined): object {
  return { transactionId, ...aboutTrace(traceparent) };
}

/** What a line says of the span it belongs to. */
export function aboutTrace(traceparent: string | undefined): object {
  const named = traceparent === undefined ? null : readTraceparent(traceparent);
  if (!named) return {};
  return { trace_id: named.traceId, span_id: named.spanId, trace_flags: `0${named.traceFlags & 1}` };
}
