import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Koa from 'koa';
import { expect, test, vi } from 'vitest';
import { setTrace } from '../traceparent.ts';
import { koaProblems } from './koa-problems.ts';

test('the log of a failed request names its trace', async () => {
  const error = vi.fn<(fields: object, message: string) => void>();
  const metrics = { answered: () => {} };
  const handle = koaProblems({ isTransient: () => false, log: { error }, metrics, closing: () => false });
  const app = new Koa();
  const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/x' });
  const ctx = app.createContext(request, new ServerResponse(request));
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  setTrace(ctx, { traceparent, run: (work) => work() });
  await handle(ctx, () => Promise.reject(new Error('secret')));
  expect(ctx.status).toBe(500);
  const [fields, message] = error.mock.calls[0]!;
  expect(message).toBe('request failed');
  expect(fields).toMatchObject({
    method: 'GET',
    path: '/x',
    trace_id: traceparent.slice(3, 35),
    span_id: traceparent.slice(36, 52),
  });
});
