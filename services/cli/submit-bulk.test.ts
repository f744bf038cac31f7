import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { createApiClient } from './api-client.ts';
import { linesOf } from './lines.ts';
import { fakeTerminal } from './output/terminal.fixture.ts';
import { submitBulk } from './submit-bulk.ts';
import type { TestServer } from './test-server.fixture.ts';
import { serve } from './test-server.fixture.ts';

let server: TestServer | undefined;
afterEach(() => server?.close());

type Answer = (request: IncomingMessage, response: ServerResponse, attempt: number) => Promise<void> | void;

/** Submits so many lines to an API that answers like this. */
async function run(lines: number, answer: Answer, { json = false, repeatable = true } = {}) {
  let attempts = 0;
  const batchIds: unknown[] = [];
  server = await serve((request, response) => {
    batchIds.push(request.headers['batch-id']);
    void answer(request, response, ++attempts);
  });
  const { terminal, out, err } = fakeTerminal();
  const client = createApiClient(server.url);
  const complete = submitBulk({
    client,
    terminal,
    json,
    repeatable,
    batchId: 'b1',
    retryWaitMs: 1,
    open: () =>
      Readable.from(
        Array.from({ length: lines }, (_, n) => `{"n":${n + 1}}\n`),
        { objectMode: false },
      ),
  });
  const outcome = await complete.catch((error: Error) => error);
  await client.close();
  return { outcome, attempts, batchIds, out: out(), err: err() };
}

/** Answers as the API does; line 3 is refused. Cuts the connection after `cutAfter` answers. */
async function accept(
  request: IncomingMessage,
  response: ServerResponse,
  cutAfter = Infinity,
): Promise<void> {
  let line = 0;
  let rejected = 0;
  for await (const text of linesOf(request)) {
    line = (JSON.parse(text) as { n: number }).n;
    if (line === 3) rejected++;
    const body = line === 3 ? { line, error: { detail: 'wrong' } } : { line, id: `id-${line}` };
    response.write(`${JSON.stringify(body)}\n`);
    if (line < cutAfter) continue;
    // What was written is given the time to arrive.
    setTimeout(() => response.destroy(), 50);
    return;
  }
  const summary = { lines: line, accepted: line - rejected, replayed: 0, rejected, complete: true };
  response.end(`${JSON.stringify({ summary })}\n`);
}

test('sums up, and tells of what was refused', async () => {
  const { outcome, out, err } = await run(5, (request, response) => accept(request, response));
  expect(outcome).toBe(false);
  expect(out).toBe('5 lines: 4 stored, 1 refused. Batch b1.\n');
  expect(err).toBe('line 3: wrong\n');
});

test('as JSON, prints the answers as they are', async () => {
  const { out } = await run(2, (request, response) => accept(request, response), { json: true });
  expect(out.split('\n').slice(0, 2)).toEqual(['{"line":1,"id":"id-1"}', '{"line":2,"id":"id-2"}']);
  expect(JSON.parse(out.split('\n')[2]!)).toMatchObject({ summary: { lines: 2, accepted: 2 } });
});

test('a stream that breaks is sent again under the same batch id, and no answer is told twice', async () => {
  const { outcome, attempts, batchIds, out, err } = await run(
    6,
    (request, response, attempt) => accept(request, response, attempt === 1 ? 4 : Infinity),
    { json: true },
  );
  expect(outcome).toBe(false);
  expect(attempts).toBe(2);
  expect(batchIds).toEqual(['b1', 'b1']);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { line?: number }).line);
  expect(lines).toEqual([1, 2, 3, 4, 5, 6, undefined]);
  expect(err).toContain('The stream broke after line 4');
});

test('what cannot be read again is not sent again', async () => {
  const { outcome, attempts } = await run(6, (request, response) => accept(request, response, 2), {
    repeatable: false,
  });
  expect(attempts).toBe(1);
  expect(outcome).toMatchObject({ exitCode: 2, message: expect.stringContaining('--batch-id b1') as string });
});

test('gives up when it gets nowhere', async () => {
  const { outcome, attempts } = await run(6, (request, response) => accept(request, response, 2));
  expect(attempts).toBe(6);
  expect(outcome).toMatchObject({ exitCode: 2 });
});

test('a refusal of the whole is told as it is', async () => {
  const { outcome } = await run(1, (_request, response) => {
    response.writeHead(415, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ title: 'The media type is not supported', detail: 'Send NDJSON.' }));
  });
  expect(outcome).toMatchObject({
    exitCode: 1,
    message: 'The media type is not supported (415).\n  Send NDJSON.',
  });
});
