import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRecorder } from './recorder.ts';
import { setRegistration } from './registration.ts';
import { formatTraceparent } from './traceparent.ts';
import { SPANS } from './schema/spans.ts';
import {
  currentTraceparent,
  runBatch,
  startBatch,
  startCall,
  startProcess,
  startSend,
  traceBeginnings,
  traceRequest,
  untraced,
} from './tracing.ts';

const exporter = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor({ exporter });
const resource = resourceFromAttributes({ 'service.name': 'test' });
const sdk = new NodeSDK({
  resource,
  spanProcessors: [processor],
  // Detected attributes arrive later, and hold every span back until then.
  autoDetectResources: false,
  metricReaders: [],
  logRecordProcessors: [],
});
const sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() });
const traceId = '0af7651916cd43dd8448eb211c80319c';
const sampled = `00-${traceId}-b7ad6b7169203331-01`;
const unsampled = `00-${traceId}-b7ad6b7169203331-00`;
const sending = {
  topic: 'sluice.transactions.new',
  traceparent: sampled,
  key: 'k',
  transactionId: 'x',
  outboxDelayMs: 4,
};
const message = {
  stage: 'validate',
  topic: 'sluice.transactions.new',
  partition: 3,
  offset: '12',
  group: 'sluice.validate',
  transactionId: 'x',
  traceparent: sampled,
};

beforeAll(() => {
  sdk.start();
  const recorder = createRecorder({ resource, sampler, onEnd: (span) => processor.onEnd(span) });
  setRegistration({ recorder, shutdown: () => sdk.shutdown() });
});
afterEach(() => exporter.reset());
afterAll(async () => {
  setRegistration(undefined);
  await sdk.shutdown();
});

/** Runs `work` in the span of a request that a client has sampled; it does not end. */
function withinRequest<Result>(work: (traceparent: string | undefined) => Result): Result {
  const request = { method: 'GET', url: '/', headers: { traceparent: sampled } };
  const trace = traceRequest({ request, response: new EventEmitter() as never, route: () => '/' });
  return trace.run(() => work(trace.traceparent));
}

function recorded(name: string): ReadableSpan {
  const span = exporter.getFinishedSpans().find((candidate) => candidate.name === name);
  if (!span) throw new Error(`no span ${name}`);
  return span;
}

test('a transaction is one chain of parents from the API through relay and stage to the remote', () => {
  const send = startSend(sending);
  send.end();
  const work = startProcess({ ...message, traceparent: send.traceparent });
  const call = startCall({
    method: 'POST',
    url: 'http://127.0.0.1:8090/payments?secret=1',
    transactionId: 'x',
    attempt: 2,
    traceparent: work.traceparent,
  });
  call.end(200);
  work.end('moved', undefined, 'processed');

  const spans = ['send sluice.transactions.new', 'process sluice.transactions.new', 'POST'].map(recorded);
  expect(spans.map((span) => span.spanContext().traceId)).toEqual([traceId, traceId, traceId]);
  expect(spans.map((span) => span.parentSpanContext?.spanId)).toEqual([
    'b7ad6b7169203331',
    spans[0]?.spanContext().spanId,
    spans[1]?.spanContext().spanId,
  ]);
  expect(spans.map((span) => span.kind)).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.CLIENT]);
  expect(work.traceparent).toBe(`00-${traceId}-${spans[1]?.spanContext().spanId}-01`);
});

test('attributes follow the schema, and all of the schema is used', () => {
  startSend(sending).end();
  startProcess({ ...message, timestampMs: Date.now() - 50 }).end('moved', undefined, 'validated');
  startCall({
    method: 'PUT',
    url: 'http://h:1/p?secret',
    transactionId: 'x',
    attempt: 2,
    traceparent: sampled,
  }).end(200);
  startBatch('apply', { size: 3, stage: 'validate', topic: 't' }).end();
  const names = (name: string) => Object.keys(recorded(name).attributes).sort();
  expect(names('send sluice.transactions.new')).toEqual([...SPANS.send.attributes].sort());
  expect(names('process sluice.transactions.new')).toEqual([...SPANS.process.attributes].sort());
  expect(names('PUT')).toEqual([...SPANS.call.attributes].sort());
  expect(names('apply')).toEqual([...SPANS.batch.attributes].sort());
  expect(recorded('process sluice.transactions.new').attributes).toMatchObject({
    'messaging.destination.partition.id': '3',
    'kafka.offset': 12,
    'sluice.outcome': 'moved',
    'sluice.transaction.state': 'validated',
  });
  expect(
    recorded('process sluice.transactions.new').attributes['sluice.kafka.wait_ms'],
  ).toBeGreaterThanOrEqual(50);
});

test('no query and no credentials get into the span of a call', () => {
  const url = 'https://user:secret@bank.example/pay?token=secret';
  startCall({ method: 'POST', url, transactionId: 'x', attempt: 1, traceparent: sampled }).end(200);
  expect(recorded('POST').attributes).toMatchObject({
    'url.full': 'https://bank.example/pay',
    'server.port': 443,
  });
});

test('an unsampled transaction is not recorded, and its flag is handed on', () => {
  const span = startProcess({ ...message, traceparent: unsampled });
  expect(span.traceparent).toBe(unsampled);
  span.end('moved');
  expect(exporter.getFinishedSpans()).toEqual([]);
});

test.each([undefined, '', 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`])(
  'traceparent %o begins a trace',
  (traceparent) => {
    startProcess({ ...message, traceparent }).end('moved');
    expect(recorded('process sluice.transactions.new').parentSpanContext).toBeUndefined();
  },
);

test('inside a request its span is the current one, across awaits', async () => {
  const [seen, own] = await withinRequest(async (traceparent) => {
    await Promise.resolve();
    return [currentTraceparent(), traceparent];
  });
  expect(seen).toBe(own);
  expect(seen).toContain(traceId);
  expect(currentTraceparent()).toBeUndefined();
});

test('a batch is a trace of its own, linked with its spans both ways', () => {
  const batch = startBatch('apply', { size: 2, stage: 'validate' });
  const spans = [1, 2].map(() => startProcess({ ...message, batch }));
  for (const span of spans) span.end('moved');
  batch.end();
  const root = recorded('apply');
  const members = exporter.getFinishedSpans().filter((span) => span.kind === SpanKind.CONSUMER);
  expect(root.parentSpanContext).toBeUndefined();
  expect(root.spanContext().traceId).not.toBe(traceId);
  expect(root.links.map((link) => link.context.spanId)).toEqual(
    members.map((span) => span.spanContext().spanId),
  );
  for (const span of members)
    expect(span.links.map((link) => link.context.spanId)).toEqual([root.spanContext().spanId]);
});

test('a batch of any size keeps a bounded number of links', () => {
  const batch = startBatch('apply', { size: 500 });
  for (let i = 0; i < 500; i++) startProcess({ ...message, batch }).end('moved');
  batch.end();
  expect(recorded('apply').links).toHaveLength(64);
});

test('work on behalf of many is recorded in its batch, not in the trace of the one that started it', async () => {
  const members = [startProcess(message), startProcess(message)];
  const traceparents = members.map((span) => span.traceparent);
  const inside = await withinRequest(() =>
    runBatch('apply', { size: 2, traceparents }, async () => currentTraceparent()),
  );
  const root = recorded('apply');
  expect(inside).toBe(formatTraceparent(root.spanContext()));
  expect(root.links.map((link) => formatTraceparent(link.context))).toEqual(traceparents);
  await expect(runBatch('failing', { size: 1 }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(recorded('failing').status.code).toBe(SpanStatusCode.ERROR);
});

test('a poll that a request has set off is recorded nowhere', async () => {
  const inside = await withinRequest(() =>
    untraced(async () => {
      await Promise.resolve();
      trace.getTracer('x').startSpan('query').end();
      return currentTraceparent();
    }),
  );
  expect(inside).toBeUndefined();
  expect(exporter.getFinishedSpans()).toEqual([]);
});

test('each line of a request begins a trace of its own, linked to the request', () => {
  const begin = withinRequest(() => traceBeginnings('accept line')!);
  const lines = [begin(), begin()];
  const spans = exporter.getFinishedSpans();
  expect(spans.map((span) => formatTraceparent(span.spanContext()))).toEqual(lines);
  expect(new Set([traceId, ...spans.map((span) => span.spanContext().traceId)]).size).toBe(3);
  expect(spans.map((span) => span.links[0]?.context.traceId)).toEqual([traceId, traceId]);
});

test('an error is on the span with its code, its message and the exception', () => {
  const error = Object.assign(new Error('deadlock detected'), { code: '40P01' });
  startProcess(message).end('retry', error);
  const span = recorded('process sluice.transactions.new');
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'deadlock detected' });
  expect(span.attributes['error.type']).toBe('40P01');
  expect(span.events.map((event) => event.name)).toEqual(['exception']);
});

describe('a request', () => {
  const request = (headers: Record<string, string> = {}) => ({
    method: 'POST',
    url: '/v1/things/7?secret=1',
    headers,
  });
  const answer = (statusCode: number) => Object.assign(new EventEmitter(), { statusCode });
  const route = () => '/v1/things/:id';

  test('is a span that ends with its response, and continues the client', () => {
    const response = answer(201);
    const exchange = { request: request({ traceparent: sampled, 'user-agent': 'k6' }), response, route };
    const inside = traceRequest(exchange).run(() => currentTraceparent());
    expect(exporter.getFinishedSpans()).toEqual([]);
    response.emit('close');
    const span = recorded('POST /v1/things/:id');
    expect(inside).toBe(formatTraceparent(span.spanContext()));
    expect(span.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(Object.keys(span.attributes).sort()).toEqual([...SPANS.request.attributes].sort());
    expect(span.attributes).toMatchObject({ 'url.path': '/v1/things/7', 'http.response.status_code': 201 });
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('that is answered with 5xx is an error; without a route it is called by its method', () => {
    const response = answer(503);
    traceRequest({ request: request(), response, route: () => undefined });
    response.emit('close');
    expect(recorded('POST').status.code).toBe(SpanStatusCode.ERROR);
    expect(recorded('POST').parentSpanContext).toBeUndefined();
  });

  test('has a context only where one is asked for', () => {
    const exchange = { request: request({ traceparent: sampled }), response: answer(200), route };
    const own = traceRequest(exchange);
    expect(currentTraceparent()).toBeUndefined();
    expect(own.run(() => currentTraceparent())).toBe(own.traceparent);
    expect(currentTraceparent()).toBeUndefined();
  });

  test("keeps what else the client's headers say of its trace", () => {
    const response = answer(200);
    const headers = { traceparent: sampled, tracestate: 'vendor=1' };
    traceRequest({ request: request(headers), response, route });
    response.emit('close');
    expect(recorded('POST /v1/things/:id').spanContext().traceState?.get('vendor')).toBe('1');
  });

  test('that the client does not sample is not recorded, nor what is done in it', () => {
    const response = answer(200);
    const exchange = { request: request({ traceparent: unsampled }), response, route };
    const { traceparent } = traceRequest(exchange);
    const child = startProcess({ ...message, traceparent });
    child.end('moved');
    response.emit('close');
    expect([traceparent, child.traceparent]).toEqual([unsampled, unsampled]);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test.each([
    ['that the client does not sample, with other headers of its trace', { tracestate: 'vendor=1' }],
    ['with a traceparent that is none', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-00` }],
  ])('%s, is what the propagators make of it', (_, headers) => {
    const exchange = {
      request: request({ traceparent: unsampled, ...headers }),
      response: answer(200),
      route,
    };
    const { traceparent } = traceRequest(exchange);
    expect(traceparent?.endsWith('traceparent' in headers ? '-01' : '-00')).toBe(true);
    expect(traceparent?.includes(traceId)).toBe(!('traceparent' in headers));
  });
});

test('a statement within a span of ours is its child', () => {
  const own = withinRequest((traceparent) => {
    trace.getTracer('pg').startSpan('query').end();
    return traceparent;
  });
  expect(recorded('query').parentSpanContext?.spanId).toBe(own?.slice(36, 52));
});

test('what is not recorded is in no context, whoever has set it off', () => {
  const request = { method: 'GET', url: '/', headers: { traceparent: unsampled } };
  const exchange = {
    request,
    response: Object.assign(new EventEmitter(), { statusCode: 200 }),
    route: () => '/',
  };
  const statement = () => trace.getTracer('pg').startSpan('query').end();
  const before = context.active();
  expect(traceRequest(exchange).run(() => context.active())).toBe(before);
  withinRequest(() => traceRequest(exchange).run(() => expect(currentTraceparent()).toBeUndefined()));
  withinRequest(() => traceRequest(exchange).run(statement));
  expect(recorded('query').parentSpanContext).toBeUndefined();
});

test('time in a span is counted from the clock on the wall, to its end', async () => {
  const before = Date.now();
  const span = startProcess(message);
  await sleep(20);
  span.end('moved');
  const { startTime, endTime, duration } = recorded('process sluice.transactions.new');
  const ms = ([seconds, nanos]: readonly [number, number]) => seconds * 1e3 + nanos / 1e6;
  expect(ms(startTime)).toBeGreaterThanOrEqual(before);
  expect(ms(duration)).toBeGreaterThanOrEqual(19);
  expect(ms(endTime) - ms(startTime)).toBeCloseTo(ms(duration), 0);
  expect(ms(endTime)).toBeLessThanOrEqual(Date.now() + 1);
});

test('an answer of 4xx or 5xx is an error of the call', () => {
  startCall({ method: 'POST', url: 'http://h/', transactionId: 'x', attempt: 1, traceparent: sampled }).end(
    503,
  );
  expect(recorded('POST').status.code).toBe(SpanStatusCode.ERROR);
  expect(recorded('POST').attributes).toMatchObject({
    'http.response.status_code': 503,
    'error.type': '503',
  });
});
