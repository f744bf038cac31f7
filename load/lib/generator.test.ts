import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { LoadModel } from './generator.ts';
import type { K6Summary } from './k6-generator.ts';
import { summarizeK6 } from './k6-generator.ts';
import { createNodeGenerator } from './node-generator.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer((request, response) => {
    request.resume();
    handler(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/transactions`;
}

const run = (url: string, model: LoadModel, seconds = 0.6) =>
  createNodeGenerator().run({ url, model, seconds, seed: 1, accounts: 10 });
const after =
  (ms: number, status = 202) =>
  (_request: IncomingMessage, response: ServerResponse) =>
    void setTimeout(() => response.writeHead(status).end('{}'), ms);

test('closed: as many requests under way as there are users, and the slowest are waited for', async () => {
  let inFlight = 0;
  let most = 0;
  let answered = 0;
  const url = await serve((_request, response) => {
    most = Math.max(most, ++inFlight);
    setTimeout(() => {
      inFlight--;
      answered++;
      response.writeHead(202).end();
    }, 100);
  });
  const result = await run(url, { kind: 'closed', users: 8, rampSeconds: 0 });
  // A very busy machine may not get all of them going before the end.
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
  expect(result).toMatchObject({ ok: answered, sent: answered, errors: {} });
  expect(result.ok).toBeLessThanOrEqual(56);
  expect(result.reply.p50).toBeGreaterThan(99);
});

test('closed: users arrive over the ramp', async () => {
  const arrivals: number[] = [];
  const sockets = new Set<unknown>();
  const url = await serve((request, response) => {
    if (!sockets.has(request.socket)) arrivals.push(performance.now());
    sockets.add(request.socket);
    after(10)(request, response);
  });
  await run(url, { kind: 'closed', users: 5, rampSeconds: 0.6 }, 0.7);
  expect(arrivals).toHaveLength(5);
  // One each 120 ms; a busy machine may bring two of them together.
  expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(300);
});

test('pipelined: several requests on one connection', async () => {
  const sockets = new Set<unknown>();
  let inFlight = 0;
  let most = 0;
  const url = await serve((request, response) => {
    sockets.add(request.socket);
    most = Math.max(most, ++inFlight);
    response.once('finish', () => inFlight--);
    after(50)(request, response);
  });
  const result = await run(url, { kind: 'pipelined', depth: 10 });
  expect(sockets.size).toBe(1);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(10);
  expect(result.ok).toBeGreaterThanOrEqual(10);
});

test('open: the rate is kept, and a stalled server is charged for those who came meanwhile', async () => {
  let stalled = false;
  const url = await serve((_request, response) => {
    if (!stalled) {
      stalled = true;
      const end = performance.now() + 300;
      while (performance.now() < end);
    }
    response.writeHead(202).end();
  });
  const result = await run(url, { kind: 'open', ratePerSecond: 200, maxInFlight: 200 });
  expect(result).toMatchObject({ sent: 120, ok: 120, dropped: 0 });
  // Half of the requests were due during the stall of 300 ms.
  expect(result.reply.p95).toBeGreaterThan(150);
});

test('open: what cannot be sent is counted, not forgotten', async () => {
  const result = await run(await serve(after(400)), { kind: 'open', ratePerSecond: 100, maxInFlight: 10 });
  expect(result.dropped).toBeGreaterThan(20);
  expect(result.sent + result.dropped).toBe(60);
});

test('closed: a user who is refused comes back when it was told to; the end does not wait for it', async () => {
  const arrivals: number[] = [];
  const url = await serve((_request, response) => {
    arrivals.push(performance.now());
    const refuse = arrivals.length % 2 === 1;
    response.writeHead(refuse ? 503 : 202, refuse ? { 'Retry-After': arrivals.length > 2 ? '60' : '1' } : {});
    response.end();
  });
  const began = performance.now();
  // Longer than it needs: on a busy machine the first request alone may come seconds late.
  const result = await run(url, { kind: 'closed', users: 1, rampSeconds: 0 }, 5);
  expect(result).toMatchObject({ ok: 1, errors: { 503: 2 } });
  expect(arrivals[1]! - arrivals[0]!).toBeGreaterThan(950);
  expect(performance.now() - began).toBeLessThan(15_000);
});

test('errors are counted by kind and have no part in the latencies', async () => {
  let count = 0;
  const url = await serve((request, response) => after(1, ++count % 2 ? 503 : 202)(request, response));
  const result = await run(url, { kind: 'closed', users: 2, rampSeconds: 0 });
  expect(result.errors['503']).toBeGreaterThan(0);
  expect(result.ok + result.errors['503']!).toBe(result.sent);
});

test('the summary of k6 is read the same way', () => {
  const summary: K6Summary = {
    metrics: {
      sluice_reply_ms: { values: { count: 10, med: 5, 'p(95)': 8, 'p(99)': 9, max: 12, avg: 6 } },
      sluice_error_503: { values: { count: 3 } },
      sluice_error_500: { values: { count: 0 } },
      dropped_iterations: { values: { count: 7 } },
    },
  };
  expect(summarizeK6(summary, 1.5)).toEqual({
    generator: 'k6',
    sent: 13,
    ok: 10,
    errors: { 503: 3 },
    dropped: 7,
    reply: { p50: 5, p95: 8, p99: 9, max: 12, mean: 6 },
    cpuSeconds: 1.5,
  });
});
