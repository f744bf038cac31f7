import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestApi } from './api-fixture.ts';
import { A_SUBMISSION, send, startTestApi } from './api-fixture.ts';

let api: TestApi;
beforeEach(async () => void (api = await startTestApi()));
afterEach(() => api.stop());

const LINE = `${JSON.stringify(A_SUBMISSION)}\n`;
const NDJSON = { 'Content-Type': 'application/x-ndjson' };
const bulk = (body: string | Buffer, headers: Record<string, string> = {}) =>
  send(api.origin, '/v1/transactions/bulk', { body, headers: { ...NDJSON, ...headers } });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answered);

interface Answered {
  readonly line?: number;
  readonly id?: string;
  readonly error?: { readonly type: string; readonly status: number };
  readonly summary?: { readonly complete: boolean; readonly lines: number };
}

/** A bulk request that is being sent. */
async function open(): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  const url = `${api.origin}/v1/transactions/bulk`;
  const request = httpRequest(url, { method: 'POST', agent: false, headers: NDJSON });
  request.on('error', () => {}).flushHeaders();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return { request, response };
}

test('lines in, lines out: bad ones told in place, blank ones counted, a summary at the end', async () => {
  const long = `{"type":"payment","key":"${'x'.repeat(70_000)}"}\n`;
  const badUtf8 = Buffer.from([0x7b, 0xff, 0x7d, 0x0a]);
  const body = Buffer.concat([Buffer.from(`${LINE}\n${long}{"x\n`), badUtf8, Buffer.from(LINE)]);
  const answer = await bulk(body);
  expect(answer.status).toBe(200);
  expect(answer.headers['batch-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(linesOf(answer.text).map(({ line, error }) => [line, error?.type.split(':').at(-1)])).toEqual([
    [1, undefined],
    [3, 'line-too-long'],
    [4, 'bad-json'],
    [5, 'bad-utf8'],
    [6, undefined],
    [undefined, undefined],
  ]);
  expect(linesOf(answer.text).at(-1)).toEqual({
    summary: { lines: 5, accepted: 2, replayed: 0, rejected: 3, complete: true },
  });
  expect(api.store.rows.size).toBe(2);
});

test('a batch under the same Batch-Id gets the same ids', async () => {
  const headers = { 'Batch-Id': 'batch-1' };
  const first = await bulk(LINE.repeat(20), headers);
  const again = await bulk(LINE.repeat(25), headers);
  expect(first.headers['batch-id']).toBe('batch-1');
  expect(linesOf(again.text).slice(0, 20)).toEqual(linesOf(first.text).slice(0, 20));
  expect(linesOf(again.text).at(-1)).toMatchObject({ summary: { replayed: 20, accepted: 5 } });
  expect(api.store.rows.size).toBe(25);
});

test('each line begins a trace of its own', async () => {
  await bulk(LINE.repeat(3));
  const traces = [...api.store.rows.values()].map(({ submission }) => submission.traceparent.slice(3, 35));
  expect(new Set(traces).size).toBe(3);
});

test('an empty stream is answered by a summary alone', async () => {
  expect(linesOf((await bulk('')).text)).toHaveLength(1);
});

test.each<[Record<string, string>, number]>([
  [{ 'Content-Type': 'application/json' }, 415],
  [{ 'Content-Encoding': 'gzip' }, 415],
  [{ 'Batch-Id': 'a b' }, 400],
  [{ 'Batch-Id': 'x'.repeat(129) }, 400],
  [{ 'Idempotency-Key': 'k' }, 400],
])('%j: %i', async (headers, status) => {
  expect((await bulk(LINE, headers)).status).toBe(status);
  expect(api.store.rows.size).toBe(0);
});

test('streams are bounded; a place is free again after one has ended', async () => {
  await api.stop();
  api = await startTestApi({ bulkStreamsMax: 1 });
  const { request, response } = await open();
  const refused = await bulk(LINE);
  expect(refused.status).toBe(503);
  expect(refused.body).toMatchObject({ reason: 'bulk-streams' });
  expect(api.told).toContain('refused bulk-streams');
  request.end();
  response.resume();
  await once(response, 'end');
  expect((await bulk(LINE)).status).toBe(200);
});

test('a client that hangs up stops its stream, and leaves its place', async () => {
  await api.stop();
  api = await startTestApi({ bulkStreamsMax: 1 });
  const { request } = await open();
  request.write(LINE.repeat(700));
  await new Promise((resolve) => setTimeout(resolve, 50));
  request.destroy();
  for (let tries = 0; (await bulk(LINE)).status !== 200; tries++) {
    expect(tries).toBeLessThan(100);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(api.told.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('a client that does not read is not worked for; once it reads, it gets everything', async () => {
  const lines = 100_000;
  const { request, response } = await open();
  response.pause();
  // Short lines with long answers: far more than the sockets between the two can hold.
  request.end('{}\n'.repeat(lines));
  const answered = () => api.told.length;
  for (let before = -1; before !== answered();) {
    before = answered();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(answered()).toBeLessThan(lines);
  let text = '';
  for await (const part of response.setEncoding('utf8')) text = (text + String(part)).slice(-200);
  expect(text).toContain(`"lines":${lines},`);
});

test('a stop ends the stream in good order: what was read is answered, and it is said that there was more', async () => {
  const { request, response } = await open();
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => void (text += part));
  request.write(LINE.repeat(3));
  while (!text.includes('"line":3')) await new Promise((resolve) => setTimeout(resolve, 5));
  const closed = once(response, 'close');
  await api.stop();
  await closed;
  expect(linesOf(text).at(-1)).toMatchObject({ summary: { lines: 3, complete: false } });
});

test('single submissions get their turn while a bulk stream runs', async () => {
  api.store.beforeAccept = () => new Promise((resolve) => setTimeout(resolve, 5));
  const stream = bulk(LINE.repeat(20_000));
  const tookMs: number[] = [];
  for (let n = 0; n < 10; n++) {
    const startedMs = performance.now();
    const answer = await send(api.origin, '/v1/transactions', { body: A_SUBMISSION });
    expect(answer.status).toBe(202);
    tookMs.push(performance.now() - startedMs);
  }
  expect(tookMs.sort((a, b) => a - b)[5]).toBeLessThan(500);
  expect(linesOf((await stream).text).at(-1)).toMatchObject({ summary: { accepted: 20_000 } });
});
