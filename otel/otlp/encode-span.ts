import type { Link, SpanContext, SpanStatus } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { ProtoWriter } from './proto-writer.ts';

type Attributes = ReadableSpan['attributes'];
type Scope = ReadableSpan['instrumentationScope'];

/** Of a span's flags: whether its parent was in another process is told, and it was (SpanFlags in trace.proto). */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
/** Numbers from here on are no int64. */
const INT64_END = 2 ** 63;

/** Writes a span as a field of ScopeSpans: opentelemetry/proto/trace/v1/trace.proto. */
export function encodeSpan(writer: ProtoWriter, span: ReadableSpan): void {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = span.parentSpanContext;
  const start = writer.begin(2);
  writer.hex(1, traceId);
  writer.hex(2, spanId);
  encodeText(writer, 3, traceState?.serialize());
  if (parent) writer.hex(4, parent.spanId);
  writer.string(5, span.name);
  writer.integer(6, span.kind + 1);
  writer.nanoseconds(7, span.startTime);
  writer.nanoseconds(8, span.endTime);
  encodeAttributes(writer, 9, span.attributes);
  writer.integer(10, span.droppedAttributesCount);
  for (const event of span.events) encodeEvent(writer, event);
  writer.integer(12, span.droppedEventsCount);
  for (const link of span.links) encodeLink(writer, link);
  writer.integer(14, span.droppedLinksCount);
  encodeStatus(writer, span.status);
  writer.fixed32(16, flagsOf(traceFlags, parent));
  writer.end(start);
}

function encodeEvent(writer: ProtoWriter, event: TimedEvent): void {
  const start = writer.begin(11);
  writer.nanoseconds(1, event.time);
  writer.string(2, event.name);
  encodeAttributes(writer, 3, event.attributes);
  writer.integer(4, event.droppedAttributesCount ?? 0);
  writer.end(start);
}

function encodeLink(writer: ProtoWriter, { context, attributes, droppedAttributesCount }: Link): void {
  const start = writer.begin(13);
  writer.hex(1, context.traceId);
  writer.hex(2, context.spanId);
  encodeText(writer, 3, context.traceState?.serialize());
  encodeAttributes(writer, 4, attributes);
  writer.integer(5, droppedAttributesCount ?? 0);
  writer.fixed32(6, flagsOf(context.traceFlags, context));
  writer.end(start);
}

function encodeStatus(writer: ProtoWriter, { code, message }: SpanStatus): void {
  const start = writer.begin(15);
  encodeText(writer, 2, message);
  writer.integer(3, code);
  writer.end(start);
}

/** Whose parent, or what is linked to, may have been in another process. */
function flagsOf(traceFlags: number, other: SpanContext | undefined): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (other?.isRemote ? IS_REMOTE : 0);
}

function encodeText(writer: ProtoWriter, field: number, text: string | undefined): void {
  if (text) writer.string(field, text);
}

/** Writes the Resource of ResourceSpans. */
export function encodeResource(writer: ProtoWriter, attributes: Attributes): void {
  const start = writer.begin(1);
  encodeAttributes(writer, 1, attributes);
  writer.integer(2, 0);
  writer.end(start);
}

/** Writes the InstrumentationScope of ScopeSpans. */
export function encodeScope(writer: ProtoWriter, { name, version }: Scope): void {
  const start = writer.begin(1);
  writer.string(1, name);
  encodeText(writer, 2, version);
  writer.end(start);
}

function encodeAttributes(writer: ProtoWriter, field: number, attributes: Attributes | undefined): void {
  for (const key in attributes) {
    const pair = writer.begin(field);
    writer.string(1, key);
    encodeValue(writer, 2, attributes[key]);
    writer.end(pair);
  }
}

/** An AnyValue. What is of no kind that attributes have is left empty, as an attribute without a value. */
function encodeValue(writer: ProtoWriter, field: number, value: unknown): void {
  const start = writer.begin(field);
  if (typeof value === 'string') writer.string(1, value);
  else if (typeof value === 'number') encodeNumber(writer, value);
  else if (typeof value === 'boolean') writer.integer(2, value ? 1 : 0);
  else if (Array.isArray(value)) encodeArray(writer, value);
  writer.end(start);
}

function encodeNumber(writer: ProtoWriter, value: number): void {
  if (Number.isInteger(value) && Math.abs(value) < INT64_END) writer.integer(3, value);
  else writer.double(4, value);
}

function encodeArray(writer: ProtoWriter, values: readonly unknown[]): void {
  const start = writer.begin(5);
  for (const value of values) encodeValue(writer, 1, value);
  writer.end(start);
}
