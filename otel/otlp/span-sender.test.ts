import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import { SpanKind } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readExportRequest } from '../../test/telemetry/otlp-protobuf.ts';
import { OwnSpan, startSpan } from '../own-span.ts';
import type { SpanRequest } from './span-sender.ts';
import { SpanSender } from './span-sender.ts';

const resource = resourceFromAttributes({ 'service.name': 'test' });
const ok: ExportResult = { code: ExportResultCode.SUCCESS };

/** A transport that answers when it is told to. */
function open(options: { maxQueueSize?: number; maxExportBatchSize?: number } = {}) {
  const requests: { request: SpanRequest; done: (result: ExportResult) => void }[] = [];
  const shutdown = vi.fn(async () => {});
  const sender = new SpanSender({
    resource,
    transport: { export: (request, done) => void requests.push({ request, done }), shutdown },
    maxQueueSize: 100,
    maxExportBatchSize: 50,
    scheduledDelayMillis: 500,
    ...options,
  });
  return {
    sender,
    requests,
    shutdown,
    end: (name: string, scope?: string) => {
      const place = { traceId: '0af7651916cd43dd8448eb211c80319c', parent: undefined };
      const onEnd = (span: Parameters<SpanSender['onEnd']>[0]) => {
        if (scope) Object.assign(span, { instrumentationScope: { name: scope } });
        sender.onEnd(span);
      };
      new OwnSpan({ name, kind: SpanKind.SERVER, attributes: {} }, startSpan(place), {
        resource,
        onEnd,
      }).end();
    },
    answer: async (result = ok) => {
      requests.at(-1)!.done(result);
      await vi.advanceTimersByTimeAsync(0);
    },
    /** Names by scope, request by request. */
    sent: () => requests.map(({ request }) => namesOf(request)),
  };
}

interface Sent {
  resourceSpans: { scopeSpans: { scope: { name: string }; spans: { name: string }[] }[] }[];
}

function namesOf({ bytes }: SpanRequest): Record<string, string[]> {
  const { resourceSpans } = readExportRequest(Buffer.from(bytes)) as Sent;
  expect(resourceSpans).toHaveLength(1);
  const scopes = resourceSpans[0]!.scopeSpans;
  return Object.fromEntries(scopes.map(({ scope, spans }) => [scope.name, spans.map(({ name }) => name)]));
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('spans wait for others for a while, then go in one request, each with its scope', async () => {
  const { end, sent, answer, requests } = open();
  end('a');
  end('q', 'pg');
  await vi.advanceTimersByTimeAsync(499);
  end('b');
  expect(sent()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent()).toEqual([{ sluice: ['a', 'b'], pg: ['q'] }]);
  expect(requests[0]?.request.spans).toBe(3);
  await answer();
  end('c');
  await vi.advanceTimersByTimeAsync(500);
  expect(sent()[1]).toEqual({ sluice: ['c'] });
});

test('a full request does not wait', () => {
  const { end, sent } = open({ maxExportBatchSize: 2 });
  end('a');
  expect(sent()).toEqual([]);
  end('b');
  expect(sent()).toEqual([{ sluice: ['a', 'b'] }]);
});

test('while a request is on its way the next one gathers, and what is too much is dropped', async () => {
  const { end, sent, answer } = open({ maxExportBatchSize: 1, maxQueueSize: 2 });
  for (const name of ['a', 'b', 'c', 'd']) end(name);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent()).toEqual([{ sluice: ['a'] }]);
  await answer();
  expect(sent()).toEqual([{ sluice: ['a'] }, { sluice: ['b', 'c'] }]);
});

test('what could not be sent does not keep the next ones from being sent', async () => {
  const { end, sent, answer } = open({ maxExportBatchSize: 1 });
  end('a');
  await answer({ code: ExportResultCode.FAILED, error: new Error('away') });
  end('b');
  expect(sent()).toEqual([{ sluice: ['a'] }, { sluice: ['b'] }]);
});

test('a stop sends what waits, after what is on its way, and takes nothing more', async () => {
  const { sender, end, sent, answer, shutdown } = open({ maxExportBatchSize: 2 });
  for (const name of ['a', 'b', 'c']) end(name);
  const stopped = sender.shutdown();
  await answer();
  expect(sent()).toEqual([{ sluice: ['a', 'b'] }, { sluice: ['c'] }]);
  expect(shutdown).not.toHaveBeenCalled();
  await answer();
  await stopped;
  expect(shutdown).toHaveBeenCalledOnce();
  end('d');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent()).toHaveLength(2);
});
