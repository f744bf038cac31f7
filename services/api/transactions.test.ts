import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestApi } from './api-fixture.ts';
import { A_SUBMISSION, send, startTestApi } from './api-fixture.ts';

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.stop());

const get = (path: string, headers: Record<string, string> = {}) => send(api.origin, path, { headers });
const submit = async (): Promise<string> =>
  String((await send(api.origin, '/v1/transactions', { body: A_SUBMISSION })).body!['id']);
const UNKNOWN = '00000000-0000-7000-8000-000000000000';

describe('GET /v1/transactions/:id', () => {
  test('tells where it stands, since when, and where its history is', async () => {
    const id = await submit();
    api.store.move(id, 'validated');
    const { status, body, headers } = await get(`/v1/transactions/${id}`);
    expect(status).toBe(200);
    expect(headers.etag).toBe('"2"');
    expect(body).toMatchObject({ id, type: 'payment', key: id, state: 'validated', version: 2, attempts: 0 });
    expect(Object.keys(body!['times'] as object)).toEqual(['accepted', 'validated']);
    expect(body!['links']).toEqual({
      self: `/v1/transactions/${id}`,
      history: `/v1/transactions/${id}/history`,
    });
    expect(body).not.toHaveProperty('result');
    expect(body).not.toHaveProperty('reasons');
  });

  test('tells the result of one that is done, the reasons of one that is not', async () => {
    const done = await submit();
    api.store.move(done, 'validated');
    api.store.move(done, 'remote-responded');
    api.store.move(done, 'done', { result: { reference: 'R' } });
    expect((await get(`/v1/transactions/${done}`)).body).toMatchObject({ result: { reference: 'R' } });
    const rejected = await submit();
    api.store.move(rejected, 'rejected', { reasons: [{ code: 'c', message: 'm' }] });
    expect((await get(`/v1/transactions/${rejected}`)).body).toMatchObject({ reasons: [{ code: 'c' }] });
  });

  test.each([
    [UNKNOWN, 'id-unknown'],
    ['abc', 'id-malformed'],
    [UNKNOWN.replace('7', 'A'), 'id-malformed'],
    ['%00', 'id-malformed'],
    ['%ff', 'id-malformed'],
  ])('%s: 404, %s', async (id, code) => {
    const { status, body } = await get(`/v1/transactions/${id}`);
    expect(status).toBe(404);
    expect(body!['type']).toBe(`urn:sluice:problem:${code}`);
    expect((await get(`/v1/transactions/${id}/history`)).status).toBe(404);
  });

  test.each([
    ['"1"', 304],
    ['W/"1"', 304],
    ['"0", "1"', 304],
    ['*', 304],
    ['"2"', 200],
    ['1', 200],
  ])('If-None-Match: %s is answered by %i', async (etag, status) => {
    const id = await submit();
    const answer = await get(`/v1/transactions/${id}`, { 'If-None-Match': etag });
    expect(answer.status).toBe(status);
    expect(answer.headers.etag).toBe('"1"');
  });
});

describe('long poll', () => {
  const timed = async (path: string, headers: Record<string, string> = {}) => {
    const startedMs = performance.now();
    const answer = await get(path, headers);
    return { ...answer, tookMs: performance.now() - startedMs };
  };

  test('answers soon after a change', async () => {
    const id = await submit();
    const waiting = timed(`/v1/transactions/${id}?wait=10s`);
    setTimeout(() => api.store.move(id, 'validated'), 100);
    const { body, tookMs } = await waiting;
    expect(body).toMatchObject({ state: 'validated', version: 2 });
    expect(tookMs).toBeGreaterThan(90);
    expect(tookMs).toBeLessThan(2_000);
  });

  test.each(['150ms', '0'])('answers as it stands when nothing has changed after %s', async (wait) => {
    const id = await submit();
    const { status, body } = await timed(`/v1/transactions/${id}?wait=${wait}`);
    expect([status, body!['version']]).toEqual([200, 1]);
  });

  test('nothing new for one who knows the version: 304 after the wait', async () => {
    const id = await submit();
    const { status, tookMs } = await timed(`/v1/transactions/${id}?wait=120ms`, { 'If-None-Match': '"1"' });
    expect(status).toBe(304);
    expect(tookMs).toBeGreaterThan(100);
  });

  test('does not wait for one who knows another version, or for what has ended', async () => {
    const id = await submit();
    expect((await timed(`/v1/transactions/${id}?wait=30s`, { 'If-None-Match': '"7"' })).status).toBe(200);
    api.store.move(id, 'rejected', { reasons: [] });
    expect((await timed(`/v1/transactions/${id}?wait=30s`)).tookMs).toBeLessThan(2_000);
  });

  test('a client that hangs up is forgotten', async () => {
    const id = await submit();
    const request = httpRequest(`${api.origin}/v1/transactions/${id}?wait=30s`, { agent: false });
    request.on('error', () => {}).end();
    while (api.gauges.waiters() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    request.destroy();
    await expect.poll(() => api.gauges.waiters()).toBe(0);
  });

  test('too many: 503 with Retry-After, counted', async () => {
    await api.stop();
    api = await startTestApi({ waitersMax: 1 });
    const id = await submit();
    const first = get(`/v1/transactions/${id}?wait=30s`);
    while (api.gauges.waiters() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await get(`/v1/transactions/${id}?wait=30s`);
    expect(second.status).toBe(503);
    expect(second.body).toMatchObject({ reason: 'waiters' });
    expect(second.headers['retry-after']).toBeDefined();
    expect(api.told).toContain('refused waiters');
    api.store.move(id, 'validated');
    expect((await first).status).toBe(200);
  });

  test.each(['abc', '-1', '1.5s', '10m', '', '1s&wait=2s'])('wait=%s: 400', async (wait) => {
    const { status, body } = await get(`/v1/transactions/${await submit()}?wait=${wait}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ parameter: 'wait' }] });
  });

  test('a stop answers everyone who waits', async () => {
    const id = await submit();
    const waiting = get(`/v1/transactions/${id}?wait=30s`);
    while (api.gauges.waiters() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await api.stop();
    const { status, headers } = await waiting;
    expect([status, headers.connection]).toEqual([200, 'close']);
  });
});

test('GET /v1/transactions/:id/history tells every event with stage, attempt, time and trace', async () => {
  const id = await submit();
  api.store.move(id, 'validated', { payload: { secret: 1 } });
  api.store.move(id, 'remote-responded', { response: { reference: 'R' } });
  const { body } = await get(`/v1/transactions/${id}/history`);
  expect(body).toMatchObject({
    id,
    events: [
      { version: 1, event: 'new', state: 'accepted', stage: 'api', attempt: 1 },
      { version: 2, event: 'validated', state: 'validated', traceId: 'a'.repeat(32) },
      { version: 3, event: 'remote-responded', state: 'processed', response: { reference: 'R' } },
    ],
  });
  expect(JSON.stringify(body)).not.toContain('secret');
});

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly next: string | null;
}

describe('GET /v1/transactions', () => {
  test('pages through all of them, each once, in order', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push(await submit());
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const { items, next } = (await get(`/v1/transactions?limit=3${after}`)).body as unknown as Page;
      seen.push(...items.map((item) => item.id));
      if (next === null) break;
      after = `&after=${next}`;
    }
    expect(seen).toEqual(ids.sort());
  });

  test('by state and type', async () => {
    const id = await submit();
    await submit();
    api.store.move(id, 'rejected');
    const { body } = await get('/v1/transactions?state=rejected&type=payment');
    expect((body!['items'] as { id: string }[]).map((item) => item.id)).toEqual([id]);
  });

  test('every wrong parameter is told at once', async () => {
    const { status, body } = await get('/v1/transactions?state=x&type=y&after=z&limit=0&foo=1');
    expect(status).toBe(400);
    const parameters = (body!['errors'] as { parameter: string }[]).map(({ parameter }) => parameter);
    expect(parameters.sort()).toEqual(['after', 'foo', 'limit', 'state', 'type']);
  });
});

describe('what is not there', () => {
  test.each([
    '/v1',
    '/v1/transactions/',
    '/V1/transactions',
    '/docs/../package.json',
    '/docs/index.html',
    '//',
  ])('GET %s: 404', async (path) => {
    const { status, headers } = await get(`${api.origin}${path}`);
    expect(status).toBe(404);
    expect(headers['content-type']).toContain('application/problem+json');
  });

  test.each([
    ['DELETE', '/v1/transactions', 'GET, HEAD, POST'],
    ['PUT', '/v1/transactions/bulk', 'POST'],
    ['POST', '/v1/types', 'GET, HEAD'],
    ['PATCH', `/v1/transactions/${UNKNOWN}`, 'GET, HEAD'],
  ])('%s %s: 405, allowed are %s', async (method, path, allow) => {
    const { status, headers } = await send(api.origin, path, { method });
    expect([status, headers.allow]).toEqual([405, allow]);
  });

  test('OPTIONS tells what is allowed', async () => {
    const { status, headers } = await send(api.origin, '/v1/transactions', { method: 'OPTIONS' });
    expect([status, headers.allow]).toEqual([204, 'GET, HEAD, POST']);
  });
});
