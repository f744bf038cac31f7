import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { readExportRequest } from './otlp-protobuf.ts';

/** A span as it arrived, flattened. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the root of its trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER' | 'UNSPECIFIED';
  /** service.name of the process that sent it. */
  readonly service: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** The spans of one trace, once `complete` says that all are there. @throws after `timeoutMs`, with what came */
  trace(
    traceId: string,
    complete: (spans: ReceivedSpan[]) => boolean,
    timeoutMs?: number,
  ): Promise<ReceivedSpan[]>;
  close(): Promise<void>;
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));
const ids = { traceId: z.string().length(32), spanId: z.string().length(16) };
const span = z.object({
  ...ids,
  parentSpanId: z.string().default(''),
  name: z.string(),
  kind: z.number(),
  attributes,
  links: z.array(z.object(ids)).default([]),
  status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
});
const exportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

/** Opens an OTLP/http endpoint on loopback that keeps the spans it is sent (Protocol Buffers). */
export async function openOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => void receive(request, response, spans));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    async trace(traceId, complete, timeoutMs = 15_000) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const found = spans.filter((candidate) => candidate.traceId === traceId);
        if (complete(found)) return found;
        if (performance.now() > deadline) throw new Error(`The trace is not complete:\n${describe(found)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  spans: ReceivedSpan[],
): Promise<void> {
  const raw = await buffer(request);
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  const parsed = exportRequest.safeParse(readExportRequest(body));
  if (parsed.success) spans.push(...flatten(parsed.data));
  // An answer that has nothing to say is empty.
  response.writeHead(parsed.success ? 200 : 400, { 'content-type': 'application/x-protobuf' });
  response.end();
}

function flatten({ resourceSpans }: z.infer<typeof exportRequest>): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(({ kind, status, ...rest }) => ({
        ...rest,
        kind: KINDS[kind] ?? 'UNSPECIFIED',
        service: String(resource.attributes['service.name']),
        statusCode: status.code,
      })),
    ),
  );
}

/** One line per span, for messages of failed assertions. */
export function describe(spans: readonly ReceivedSpan[]): string {
  return spans
    .map((s) => `${s.service} ${s.kind} "${s.name}" ${s.spanId} <- ${s.parentSpanId || 'root'}`)
    .join('\n');
}
