import type { Attributes, Link, SpanContext } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeResource, encodeScope, encodeSpan } from './encode-span.ts';
import { ProtoWriter } from './proto-writer.ts';

const resource = resourceFromAttributes({
  'service.name': 'sluice-relay',
  'process.pid': 42,
  'process.command_args': ['node', 'main.ts'],
});

/** As the sender puts a request together. */
function encode(spans: readonly ReadableSpan[], writer = new ProtoWriter()): Uint8Array {
  const resourceSpans = writer.begin(1);
  encodeResource(writer, resource.attributes);
  const scopeSpans = writer.begin(2);
  encodeScope(writer, spans[0]!.instrumentationScope);
  for (const span of spans) encodeSpan(writer, span);
  writer.end(scopeSpans);
  writer.end(resourceSpans);
  return writer.take();
}

const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((digits) => /[^0]/.test(digits));
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', minLength: 100, maxLength: 300 }),
  fc.integer({ min: 120, max: 17_000 }).map((length) => 'x'.repeat(length)),
);
const number = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.nat(300), fc.double());
const value = fc.oneof(text, number, fc.boolean(), fc.array(text, { maxLength: 4 }), fc.array(number));
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(fc.string({ minLength: 1 }), value, {
  maxKeys: 8,
  noNullPrototype: true,
});
const time = fc.tuple(fc.nat(2 ** 31 - 1), fc.nat(999_999_999));
const contextOf: fc.Arbitrary<SpanContext> = fc.record(
  { traceId: hex(32), spanId: hex(16), traceFlags: fc.nat(1), isRemote: fc.boolean() },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
);
const link: fc.Arbitrary<Link> = fc.record(
  { context: contextOf, attributes, droppedAttributesCount: fc.nat(3) },
  { requiredKeys: ['context'] },
);
const event: fc.Arbitrary<TimedEvent> = fc.record({
  name: text,
  time,
  attributes,
  droppedAttributesCount: fc.nat(200),
});
const scope = { name: 'sluice', version: '1' };
const span: fc.Arbitrary<ReadableSpan> = fc
  .record({
    name: text,
    kind: fc.nat(4),
    own: contextOf,
    parentSpanContext: fc.option(contextOf, { nil: undefined }),
    startTime: time,
    endTime: time,
    status: fc.record({ code: fc.nat(2), message: text }, { requiredKeys: ['code'] }),
    attributes,
    links: fc.array(link, { maxLength: 5 }),
    events: fc.array(event, { maxLength: 3 }),
    droppedAttributesCount: fc.nat(200),
    droppedEventsCount: fc.nat(200),
    droppedLinksCount: fc.nat(70_000),
  })
  .map(({ own, parentSpanContext, ...rest }) => ({
    ...rest,
    ...(parentSpanContext && { parentSpanContext }),
    spanContext: () => own,
    duration: [0, 0],
    ended: true,
    resource,
    instrumentationScope: scope,
  }));

test('what is written is, byte for byte, what the exporter of OpenTelemetry writes', () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 4 }), (spans) => {
      const expected = ProtobufTraceSerializer.serializeRequest(spans)!;
      expect(Buffer.compare(encode(spans), expected)).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('a writer that is used again begins anew, and what it gave before stays as it was', () => {
  fc.assert(
    fc.property(span, span, (one, other) => {
      const writer = new ProtoWriter();
      const first = encode([one], writer);
      const kept = Buffer.from(first);
      expect(Buffer.compare(encode([other], writer), encode([other]))).toBe(0);
      expect(Buffer.compare(first, kept)).toBe(0);
    }),
  );
});
