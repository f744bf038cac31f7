import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_JOURNAL } from './journal.ts';
import { Ledger } from './ledger.ts';
import { createSimulatorServer } from './server.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { Simulator } from './simulator.ts';

let simulator: Simulator;
let server: Server;
let base: string;
let fatal: Error | undefined;

beforeEach(async () => {
  fatal = undefined;
  simulator = new Simulator({
    ledger: new Ledger(),
    journal: NO_JOURNAL,
    settings: { ...DEFAULT_SETTINGS, meanMs: 0 },
  });
  server = createSimulatorServer({ simulator, onFatal: (error) => (fatal = error as Error) }).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  if (fatal !== undefined) throw fatal;
});

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

async function call(method: string, path: string, body?: unknown, headers = {}): Promise<Reply> {
  const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(base + path, { method, headers, ...init });
  const text = await response.text();
  const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, body: parsed, headers: response.headers };
}

const post = (key: string, body: unknown = { amount: 1 }) =>
  call('POST', '/effects', body, { 'idempotency-key': key });
const reverse = (key: string) => call('POST', `/effects/${key}/reversal`);
const put = (settings: object) => call('PUT', '/settings', settings);
const summary = async () => (await call('GET', '/ledger/summary')).body;

describe('effects', () => {
  test('the same call gets the same answer, also while the first is in flight', async () => {
    await put({ meanMs: 30 });
    const replies = await Promise.all(Array.from({ length: 10 }, () => post('a')));
    expect(new Set(replies.map((reply) => JSON.stringify([reply.status, reply.body])))).toEqual(
      new Set([JSON.stringify([200, { reference: 'RMT-000000001', id: 'a' }])]),
    );
    expect(await summary()).toMatchObject({ effects: 1, duplicates: 9, inFlight: 0 });
  });

  test('another body under the same key is refused', async () => {
    await post('a');
    expect(await post('a', { amount: 2 })).toMatchObject({ status: 422, body: { code: 'mismatch' } });
  });

  test('a reversal is idempotent and keeps the original out, before it or after it', async () => {
    await post('a');
    expect((await reverse('a')).body).toEqual({ reversed: true });
    expect((await reverse('a')).body).toEqual({ reversed: true });
    expect((await reverse('b')).body).toEqual({ reversed: false });
    expect([(await post('a')).status, (await post('b')).status]).toEqual([409, 409]);
    expect(await summary()).toMatchObject({
      effects: 1,
      reversals: 1,
      tombstones: 1,
      refusedAfterReversal: 2,
    });
  });

  const KEY = { 'idempotency-key': 'k' };
  test.each<[string, string, string, [object, number]]>([
    ['no key', '/effects', '{}', [{}, 400]],
    ['not JSON', '/effects', '{"a":', [KEY, 400]],
    ['too long', '/effects', `"${'x'.repeat(1 << 20)}"`, [KEY, 413]],
    ['no such place', '/nowhere', '{}', [{}, 404]],
    ['wrong method', '/ledger', '{}', [{}, 405]],
    ['bad escape', '/effects/%E0%A4%A/reversal', '{}', [{}, 400]],
  ])('%s is refused and nothing is written', async (_name, path, body, [headers, status]) => {
    const reply = await call('POST', path, body, headers);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    expect(simulator.ledger.size).toBe(0);
  });

  test('a caller that gives up halfway through its body harms nobody', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST /effects HTTP/1.1\r\nhost: x\r\nidempotency-key: k\r\ncontent-length: 100\r\n\r\n{');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect((await post('after')).status).toBe(200);
  });
});

describe('bad days', () => {
  test('an error before the effect leaves none, one after it does', async () => {
    await put({ errorBeforeRate: 1 });
    expect((await post('a')).status).toBe(500);
    await put({ errorBeforeRate: 0, errorAfterRate: 1 });
    expect((await post('b')).status).toBe(500);
    expect(await summary()).toMatchObject({ effects: 1, errors: 2 });
    await put({ errorAfterRate: 0 });
    expect((await post('b')).body).toMatchObject({ reference: 'RMT-000000001' });
  });

  test('what was declined stays declined', async () => {
    await put({ declineRate: 1 });
    expect(await post('a')).toMatchObject({ status: 422, body: { code: 'declined' } });
    await put({ declineRate: 0 });
    expect((await post('a')).status).toBe(422);
    expect((await reverse('a')).body).toEqual({ reversed: false });
  });

  test('a hung call holds its place until the caller gives up', async () => {
    await put({ hangAfterRate: 1, capacity: 1, overflow: 'refuse' });
    const abort = new AbortController();
    const hung = fetch(`${base}/effects`, {
      method: 'POST',
      body: '{}',
      headers: { 'idempotency-key': 'a' },
      signal: abort.signal,
    }).catch((error: Error) => error.name);
    await expect.poll(async () => (await summary())['hung']).toBe(1);
    expect(await summary()).toMatchObject({ effects: 1, inFlight: 1 });
    expect((await post('b')).status).toBe(503);
    abort.abort();
    expect(await hung).toBe('AbortError');
    await expect.poll(async () => (await summary())['inFlight']).toBe(0);
  });

  test('beyond the capacity calls are refused with Retry-After, or wait', async () => {
    await put({ meanMs: 40, capacity: 1, overflow: 'refuse', retryAfterSeconds: 7 });
    const [first, second] = await Promise.all([post('a'), post('b')]);
    expect(new Set([first.status, second.status])).toEqual(new Set([200, 503]));
    expect((first.status === 503 ? first : second).headers.get('retry-after')).toBe('7');
    await put({ overflow: 'queue' });
    const both = await Promise.all([post('c'), post('d')]);
    expect(both.map((reply) => reply.status)).toEqual([200, 200]);
  });

  test('the same seed gives every call the same fate', async () => {
    const run = async () => {
      await call('DELETE', '/ledger');
      await put({ errorBeforeRate: 0.5, seed: 3 });
      const statuses: number[] = [];
      for (let i = 0; i < 30; i++) statuses.push((await post(`k${i}`)).status);
      return statuses;
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run()).toEqual(first);
  });
});

describe('settings and ledger', () => {
  test('bad settings change nothing and are all named', async () => {
    const reply = await put({ meanMs: -1, nonsense: 1 });
    expect(reply.status).toBe(422);
    expect((reply.body['errors'] as { field: string }[]).map(({ field }) => field).sort()).toEqual([
      'meanMs',
      'nonsense',
    ]);
    expect((await call('GET', '/settings')).body).toMatchObject({ meanMs: 0 });
  });

  test('the ledger can be read entry by entry and as a stream', async () => {
    await call('POST', '/effects', {}, { 'idempotency-key': 'a', 'x-transaction-key': 'acc' });
    for (let i = 0; i < 1_200; i++) simulator.ledger.reverse(`t${i}`, 0);
    expect((await call('GET', '/ledger/a')).body).toMatchObject({
      key: 'a',
      effects: 1,
      transactionKey: 'acc',
    });
    expect((await call('GET', '/ledger/none')).status).toBe(404);
    const text = await (await fetch(`${base}/ledger`)).text();
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; tombstone: boolean });
    expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_201 }, (_, index) => index + 1));
    expect(lines.filter(({ tombstone }) => tombstone)).toHaveLength(1_200);
  });
});
