import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestApi } from './api-fixture.ts';
import { A_SUBMISSION, send, startTestApi } from './api-fixture.ts';

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.stop());

/** Writes bytes to the port, and reads until the other side closes or falls silent. */
function raw(text: string | Buffer, silenceMs = 300): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(api.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('data', (part) => void (answer += part.toString()));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

const BODY = JSON.stringify(A_SUBMISSION);
const HEAD = 'Host: x\r\nContent-Type: application/json\r\n';

describe('bodies that are too large', () => {
  test('a 10 MB body: 413, read by its sender', async () => {
    const answer = await send(api.origin, '/v1/transactions', { body: Buffer.alloc(10_000_000, 0x20) });
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ type: 'urn:sluice:problem:too-large' });
  });

  test('without a length: 413', async () => {
    const headers = { 'Transfer-Encoding': 'chunked' };
    const body = Buffer.alloc(1_000_000, 0x20);
    expect((await send(api.origin, '/v1/transactions', { body, headers })).status).toBe(413);
  });

  test('announced: refused before it is sent', async () => {
    const head = `POST /v1/transactions HTTP/1.1\r\n${HEAD}Content-Length: 70000\r\nExpect: 100-continue\r\n\r\n`;
    const answer = await raw(head);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).not.toContain('100 Continue');
  });

  test('as large as allowed: no 413', async () => {
    const body = BODY + ' '.repeat(65_536 - BODY.length);
    expect((await send(api.origin, '/v1/transactions', { body })).status).toBe(202);
    expect((await send(api.origin, '/v1/transactions', { body: `${body} ` })).status).toBe(413);
  });
});

test('Expect: 100-continue for a body that is welcome', async () => {
  const head = `POST /v1/transactions HTTP/1.1\r\n${HEAD}Content-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n`;
  expect(await raw(head + BODY)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
});

test('another expectation: 417', async () => {
  expect(await raw(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 0\r\nExpect: miracles\r\n\r\n`)).toMatch(
    / 417 /,
  );
});

describe('what is not HTTP', () => {
  test.each([
    ['nonsense', 'hello there\r\n\r\n', 400, 'bad-http'],
    [
      'two lengths',
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      400,
      'bad-http',
    ],
    [
      'length and chunks',
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'bad-http',
    ],
    [
      'headers too large',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
    ['a target that is no URL', 'GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'bad-http'],
  ])('%s: %i', async (_name, text, status, code) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(`urn:sluice:problem:${code}`);
  });

  test('a target in absolute form is fine', async () => {
    expect(await raw('GET http://x:1/v1/types HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test('a body that breaks off stores nothing', async () => {
  const socket = connect(api.port, '127.0.0.1');
  socket.write(`POST /v1/transactions HTTP/1.1\r\n${HEAD}Content-Length: 1000\r\n\r\n${BODY}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  while (!api.told.some((line) => line.startsWith('answered')))
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(api.told).toEqual(['answered POST /v1/transactions 400']);
  expect(api.store.rows.size).toBe(0);
});

test('a large body that nobody wants is not waited for', async () => {
  const head = `POST /nowhere HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`;
  const answer = await raw(head, 5_000);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer).toMatch(/connection: close/i);
});

test('a stop answers what is in flight, then takes nothing more', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  api.store.beforeAccept = () => promise;
  const inFlight = send(api.origin, '/v1/transactions', { body: BODY });
  // A connection on which nothing was ever sent must not hold the stop up.
  const silent = connect(api.port, '127.0.0.1').on('error', () => {});
  await expect.poll(() => api.store.batches, { timeout: 10_000 }).toHaveLength(1);
  const stopped = api.stop();
  expect(api.ready()).toBe('stopping');
  await expect
    .poll(() => send(api.origin, '/v1/types').catch(String))
    .toMatch(/ECONNREFUSED|ECONNRESET|hang up/);
  resolve();
  const answer = await inFlight;
  expect([answer.status, answer.headers.connection]).toEqual([202, 'close']);
  await stopped;
  silent.destroy();
  expect(api.store.rows.size).toBe(1);
});

test('who has not heard yet that it is to stop is answered, and told to close', async () => {
  await api.stop();
  api = await startTestApi({ drainMs: 1_000 });
  const stopped = api.stop();
  expect(api.ready()).toBe('stopping');
  const answer = await send(api.origin, '/v1/transactions', { body: BODY });
  expect([answer.status, answer.headers.connection]).toEqual([202, 'close']);
  await stopped;
  await expect(send(api.origin, '/v1/types')).rejects.toThrow(/ECONNREFUSED/);
});

test('open connections are given back with an answer, not cut', async () => {
  await api.stop();
  api = await startTestApi({ drainMs: 1_000 });
  const post = `POST /v1/transactions HTTP/1.1\r\n${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const socket = connect(api.port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => void (text += part));
  socket.write(post);
  await expect.poll(() => text, { timeout: 10_000 }).toMatch(/202 Accepted[^]*keep-alive/);
  const stopped = api.stop();
  text = '';
  socket.write(post);
  await expect.poll(() => text, { timeout: 10_000 }).toMatch(/202 Accepted[^]*Connection: close/);
  await stopped;
  expect(api.store.rows.size).toBe(2);
});
