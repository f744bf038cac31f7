import { expect, test } from 'vitest';
import {
  currentTraceparent,
  runBatch,
  startBatch,
  startCall,
  startProcess,
  startSend,
  traceBeginnings,
  traceRequest,
  tracingEnabled,
} from './tracing.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const send = { topic: 't', traceparent, key: 'k', transactionId: 'x', outboxDelayMs: 1 };
const message = { stage: 'validate', topic: 't', partition: 0, offset: '7', group: 'g', transactionId: 'x' };

test('with tracing off every span hands on the traceparent that it was given', () => {
  expect(tracingEnabled()).toBe(false);
  expect(startSend(send).traceparent).toBe(traceparent);
  expect(startProcess({ ...message, traceparent }).traceparent).toBe(traceparent);
  const call = startCall({
    method: 'POST',
    url: 'http://127.0.0.1/',
    transactionId: 'x',
    attempt: 1,
    traceparent,
  });
  expect(call.traceparent).toBe(traceparent);
});

test('a message without a traceparent is given one that nobody samples', () => {
  const first = startProcess({ ...message, traceparent: undefined }).traceparent;
  expect(first).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(startProcess({ ...message, traceparent: undefined }).traceparent).not.toBe(first);
});

test('with tracing off work is run and its result or error handed on', () => {
  const response = { statusCode: 200, once: () => undefined };
  const exchange = {
    request: { method: 'GET', url: '/', headers: { traceparent } },
    response,
    route: () => '/',
  };
  const request = traceRequest(exchange);
  expect(request.traceparent).toBeUndefined();
  expect(request.run(() => 7)).toBe(7);
  expect(() => request.run(() => JSON.parse('{'))).toThrow(SyntaxError);
  const batch = startBatch('apply', { size: 2 });
  expect(batch.run(() => 8)).toBe(8);
  expect(batch.spanContext).toBeUndefined();
  batch.end();
});

test('with tracing off no span is active, and none is begun', async () => {
  expect(currentTraceparent()).toBeUndefined();
  expect(traceBeginnings('line')).toBeUndefined();
  expect(await runBatch('apply', { size: 1 }, async () => 9)).toBe(9);
});
