import { afterEach, expect, test } from 'vitest';
import type { AdminServer } from './admin-server.ts';
import { openAdminServer } from './admin-server.ts';

let server: AdminServer | undefined;
afterEach(() => server?.close());

async function open(state: { ready?: true | string; live?: true | string } = {}): Promise<string> {
  server = await openAdminServer(
    { host: '127.0.0.1', port: 0 },
    {
      ready: () => state.ready ?? true,
      live: () => state.live ?? true,
      metrics: (_request, response) => response.end('metrics'),
    },
  );
  return `http://127.0.0.1:${server.port}`;
}

test('probes answer 200 while all is well', async () => {
  const base = await open();
  for (const path of ['/livez', '/readyz', '/readyz?verbose']) {
    const response = await fetch(base + path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  }
});

test('a probe that fails says why', async () => {
  const base = await open({ ready: 'no partitions yet', live: 'no heartbeat for 31 s' });
  const ready = await fetch(`${base}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'unavailable', reason: 'no partitions yet' });
  expect((await fetch(`${base}/livez`)).status).toBe(503);
});

test('serves metrics, and nothing else', async () => {
  const base = await open();
  expect(await (await fetch(`${base}/metrics`)).text()).toBe('metrics');
  const other = await fetch(`${base}/other`);
  expect(other.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await other.json()).toMatchObject({
    status: 404,
    detail: 'There are /livez, /readyz and /metrics.',
  });
  const posted = await fetch(`${base}/livez`, { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('a port in use is an error that names it', async () => {
  await open();
  const port = server?.port ?? 0;
  const second = openAdminServer(
    { host: '127.0.0.1', port },
    { ready: () => true, live: () => true, metrics: (_request, response) => response.end() },
  );
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', port });
});
