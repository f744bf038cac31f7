import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answer, FakeApiServer } from './fake-api-server.fixture.ts';
import type { KubeCall } from './kube-api.ts';
import { KubeClient, resourceOf } from './kube-api.ts';

let server: FakeApiServer;
let client: KubeClient;
let calls: KubeCall[];
beforeEach(async () => {
  server = await new FakeApiServer().start();
  calls = [];
  client = new KubeClient(server.config, (call) => void calls.push(call));
});
afterEach(async () => {
  await client.close();
  server.stop();
});

describe('a request', () => {
  test('that is throttled waits as long as it was told to', async () => {
    let asked = 0;
    server.handler = (_request, response) => {
      if (++asked === 1) answer(response, {}, 429, { 'retry-after': '1' });
      else answer(response, { ok: true });
    };
    const began = performance.now();
    await expect(client.request({ method: 'GET', path: '/api/v1/pods' })).resolves.toEqual({ ok: true });
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(calls.map(({ status }) => status)).toEqual([429, 200]);
  });

  test('that is throttled for longer than it may take fails as such', async () => {
    server.handler = (_request, response) => answer(response, {}, 429, { 'retry-after': '30' });
    const request = client.request({ method: 'GET', path: '/api/v1/pods', timeoutMs: 200 });
    await expect(request).rejects.toMatchObject({ code: 'kube', status: 429, retriable: true });
  });

  test('that is refused fails with the words of the server', async () => {
    server.handler = (_request, response) =>
      answer(response, { kind: 'Status', reason: 'NotFound', message: 'pods "x" not found' }, 404);
    await expect(client.request({ method: 'GET', path: '/api/v1/pods/x' })).rejects.toMatchObject({
      status: 404,
      reason: 'NotFound',
      message: 'pods "x" not found',
      retriable: false,
    });
  });

  test('that is not answered ends after its time', async () => {
    server.handler = () => {};
    // What is left of the time for which the Lease holds is no round number.
    const request = client.request({ method: 'GET', path: '/api/v1/pods', timeoutMs: 100.25 });
    await expect(request).rejects.toMatchObject({
      status: 0,
      retriable: true,
      message: 'GET /api/v1/pods: no answer in time',
    });
    expect(calls).toMatchObject([{ status: 0, resource: 'pods' }]);
  });

  test('whose answer is no JSON fails as a KubeError', async () => {
    server.handler = (_request, response) => void response.writeHead(200).end('<html>');
    await expect(client.request({ method: 'GET', path: '/x' })).rejects.toMatchObject({ code: 'kube' });
  });

  test('does not open a connection of its own', async () => {
    server.handler = (_request, response) => answer(response, {});
    for (let index = 0; index < 30; index++) await client.request({ method: 'GET', path: '/api/v1/pods' });
    expect(server.connections).toBeLessThan(5);
  });

  test('waits for a turn: not more are in flight at once than the gate lets through', async () => {
    let inFlight = 0;
    let most = 0;
    server.handler = (_request, response) => {
      most = Math.max(most, ++inFlight);
      setTimeout(() => {
        inFlight--;
        answer(response, {});
      }, 100);
    };
    await Promise.all(Array.from({ length: 60 }, () => client.request({ method: 'GET', path: '/x' })));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  test('for the Lease does not wait for those that nobody answers', async () => {
    server.handler = (request, response) => {
      if (request.url?.includes('lease')) answer(response, { held: true });
    };
    const stuck = Array.from({ length: 40 }, () =>
      client.request({ method: 'GET', path: '/x', timeoutMs: 500 }).catch(() => 'no answer'),
    );
    await expect(client.request({ method: 'GET', path: '/lease', lane: 'lease' })).resolves.toEqual({
      held: true,
    });
    await expect(Promise.all(stuck)).resolves.toEqual(Array.from({ length: 40 }, () => 'no answer'));
  });
});

test.each([
  ['/api/v1/pods', 'pods'],
  ['/apis/apps/v1/namespaces/n/deployments/d/scale', 'deployments/scale'],
  ['/apis/apps/v1/namespaces/n/deployments', 'deployments'],
  ['/apis/sluice.dev/v1alpha1/namespaces/n/stagescalers/s/status', 'stagescalers/status'],
  ['/api/v1/namespaces/n', 'namespaces'],
  ['/apis/example.com/v1', 'discovery'],
])('%s is about %s', (path, resource) => {
  expect(resourceOf(path)).toBe(resource);
});
