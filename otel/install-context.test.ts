import { context, createContextKey, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, expect, test, vi } from 'vitest';
import { installContext } from './install-context.ts';

const key = createContextKey('test');

afterEach(() => {
  propagation.disable();
  context.disable();
  vi.unstubAllEnvs();
});

test.each([
  [undefined, ['traceparent', 'tracestate', 'baggage']],
  ['', ['traceparent', 'tracestate', 'baggage']],
  ['tracecontext', ['traceparent', 'tracestate']],
  [' baggage , tracecontext', ['baggage', 'traceparent', 'tracestate']],
  ['b3', ['b3']],
  ['none', []],
])('OTEL_PROPAGATORS=%s: requests are asked for %j, and work keeps its context', async (named, fields) => {
  if (named !== undefined) vi.stubEnv('OTEL_PROPAGATORS', named);
  await installContext(named);
  expect(propagation.fields()).toEqual(fields);
  const inside = await context.with(ROOT_CONTEXT.setValue(key, 7), async () => {
    await Promise.resolve();
    return context.active().getValue(key);
  });
  expect(inside).toBe(7);
});
