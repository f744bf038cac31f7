import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { RemoteClientOptions, RemoteOutcome } from './remote-client.ts';
import { createRemoteClient } from './remote-client.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function remote(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A remote that answers with these statuses in turn; of the last one it has as many as are asked for. */
async function answering(statuses: readonly number[], headers: Readonly<Record<string, string>> = {}) {
  let calls = 0;
  const url = await remote((_request, response) => {
    const status = statuses[Math.min(calls++, statuses.length - 1)]!;
    response.writeHead(status, status < 300 ? {} : headers).end('{}');
  });
  return { url, calls: () => calls };
}

function call(url: string, more: Partial<RemoteClientOptions> = {}): Promise<RemoteOutcome> {
  const options = { url, timeoutMs: 2_000, concurrency: 4, quickAttempts: 3, onCall: () => {}, ...more };
  const client = createRemoteClient(options);
  closers.push(() => client.close());
  return client.call('id', { method: 'POST', path: '/effects', body: {} }, '');
}

test('an answer ends the call, however many attempts it took', async () => {
  const { url } = await answering([503, 500, 201]);
  expect(await call(url)).toEqual({ kind: 'answered', statusCode: 201, body: {}, calls: 3 });
});

test.each([425, 429, 503])('%i is a refusal by the remote itself', async (status) => {
  const { url } = await answering([status]);
  expect(await call(url)).toEqual({
    kind: 'refused',
    message: `The remote answered ${status}.`,
    calls: 3,
    notNow: { calls: 3, retryAfterMs: undefined },
  });
});

test('a remote that asks to be left alone is not called again at once', async () => {
  const { url, calls } = await answering([503], { 'retry-after': '7' });
  expect(await call(url)).toMatchObject({
    kind: 'refused',
    calls: 1,
    notNow: { calls: 1, retryAfterMs: 7_000 },
  });
  expect(calls()).toBe(1);
});

test('a refusal after a call that may have had its effect leaves it unknown', async () => {
  const { url } = await answering([500, 503]);
  expect(await call(url)).toEqual({ kind: 'unknown', message: 'The remote answered 503.', calls: 3 });
});

test('a remote that is not there has not refused anything itself', async () => {
  const outcome = await call('http://127.0.0.1:1');
  expect(outcome).toMatchObject({ kind: 'refused', calls: 3 });
  expect(outcome).not.toHaveProperty('notNow');
});
