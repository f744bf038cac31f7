import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { SpanRequest, SpanTransport } from './span-sender.ts';

const PROTOBUF = { 'Content-Type': 'application/x-protobuf' };

/**
 * OTLP/http with Protocol Buffers, as the SDK's exporters do it: endpoint, headers, compression, certificates and
 * timeout from OTEL_EXPORTER_OTLP_*, further attempts where the endpoint is away or asks for them.
 */
export function openTransport(timeoutMillis?: number): SpanTransport {
  const options = timeoutMillis === undefined ? {} : { timeoutMillis };
  return createOtlpHttpExportDelegate<SpanRequest, unknown>(
    convertLegacyHttpOptions(options, 'TRACES', 'v1/traces', PROTOBUF),
    {
      serializeRequest: ({ bytes }) => bytes,
      deserializeResponse: (data) => ProtobufTraceSerializer.deserializeResponse(data),
    },
    'otlp_http_span_exporter',
    { name: 'span', countItems: ({ spans }) => spans },
    undefined,
  );
}
