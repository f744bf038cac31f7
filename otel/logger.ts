import type { DestinationStream, Level, LevelWithSilent, Logger } from 'pino';
import { pino } from 'pino';
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
 * the caller adds. By convention `err` is an error, `transactionId` and `traceId` name the transaction that the
 * line is about, durations carry their unit in the name. While tracing is on, `trace_id`, `span_id` and
 * `trace_flags` name what is at work (OpenTelemetry's names for logs that are not OTLP).
 */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const settings = {
    level: options.level ?? ('info' satisfies Level),
    base: { service: name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    mixin: traceFields,
    redact: { paths: PAYLOADS, censor: '[redacted]' },
  };
  return pino(settings, options.destination ?? pino.destination({ fd: 1, sync: true }));
}

/** A logger whose lines name a transaction and the trace it is in. */
export function withTransaction(log: Logger, transactionId: string, traceparent?: string): Logger {
  return log.child(traceparent ? { transactionId, traceId: traceparent.slice(3, 35) } : { transactionId });
}

function traceFields(): object {
  const traceparent = currentTraceparent();
  if (traceparent === undefined) return {};
  const [, trace_id, span_id, trace_flags] = traceparent.split('-');
  return { trace_id, span_id, trace_flags };
}
