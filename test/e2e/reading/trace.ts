import { z } from 'zod';

/** A span as Jaeger tells it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly service: string;
  /** Unix ms. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));
const nanoseconds = z
  .union([z.string(), z.number()])
  .transform((value) => Number(BigInt(value) / 1_000n) / 1_000);
const spanSchema = z
  .object({
    traceId: z.string(),
    spanId: z.string(),
    parentSpanId: z.string().default(''),
    name: z.string(),
    startTimeUnixNano: nanoseconds,
    endTimeUnixNano: nanoseconds,
    attributes,
  })
  .transform(({ startTimeUnixNano: startMs, endTimeUnixNano: endMs, ...rest }) => ({
    ...rest,
    startMs,
    endMs,
  }));
const answerSchema = z.object({
  result: z.object({
    resourceSpans: z.array(
      z.object({
        resource: z.object({ attributes }),
        scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
      }),
    ),
  }),
});

/** The spans in an answer of Jaeger's /api/v3/traces/{id}. @throws ZodError */
export function parseTrace(answer: unknown): Span[] {
  return answerSchema
    .parse(answer)
    .result.resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({ ...span, service: String(resource.attributes['service.name']) })),
      ),
    );
}

/** Spans whose parent is not among them. */
export function orphansOf(spans: readonly Span[]): Span[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => !known.has(parentSpanId));
}

/** One line per span, indented by cause, with its beginning after the first one's and its length, in ms. */
export function drawTree(spans: readonly Span[]): string {
  const sorted = spans.toSorted((one, other) => one.startMs - other.startMs);
  const originMs = sorted[0]?.startMs ?? 0;
  const lines: string[] = [];
  const add = (span: Span, depth: number): void => {
    const at = `${(span.startMs - originMs).toFixed(1)} ms`.padStart(11);
    const length = `${(span.endMs - span.startMs).toFixed(1)} ms`.padStart(11);
    lines.push(`${at}${length}  ${'  '.repeat(depth)}${span.service} ${span.name}${waited(span)}`);
    for (const child of sorted) if (child.parentSpanId === span.spanId) add(child, depth + 1);
  };
  for (const root of orphansOf(sorted)) add(root, 0);
  return lines.join('\n');
}

function waited({ attributes }: Span): string {
  const waitMs = attributes['sluice.kafka.wait_ms'];
  return waitMs === undefined ? '' : `  (waited ${Number(waitMs)} ms in Kafka)`;
}
