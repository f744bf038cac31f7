import type { SpanContext } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';

/** The header value that names a span. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${(traceFlags & 1).toString()}`;
}

/** W3C Trace Context, version 00: with the one flag there is, and no identifier of zeros. */
const TRACEPARENT_00 = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether a traceparent says that nothing is to be recorded; false also for what is none. */
export function isUnsampled(traceparent: string): boolean {
  return traceparent.length === 55 && traceparent.endsWith('-00') && traceparent.startsWith('00-');
}

/** What a traceparent names; null where it is not valid. Later versions, which nobody writes yet, are left to the library. */
export function readTraceparent(text: string): SpanContext | null {
  if (!TRACEPARENT_00.test(text)) {
    const parsed = parseTraceParent(text);
    return parsed && { ...parsed, isRemote: true };
  }
  return {
    traceId: text.slice(3, 35),
    spanId: text.slice(36, 52),
    traceFlags: Number.parseInt(text.slice(53), 16),
    isRemote: true,
  };
}
