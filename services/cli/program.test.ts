import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { CliError } from './errors.ts';
import { fakeTerminal } from './output/terminal.fixture.ts';
import { createProgram } from './program.ts';
import type { TestServer } from './test-server.fixture.ts';
import { serve } from './test-server.fixture.ts';

const ID = '01a1fdb2-b10e-7f00-ba39-996d9305752e';
const PAYLOAD = '{"debtor":"ACC-000001","amount":12345678901234567890}';

let server: TestServer | undefined;
afterEach(() => server?.close());

/** Runs a command line. `code` is undefined where the command did not set one. */
async function sluice(args: readonly string[], env: Record<string, string> = {}) {
  const { terminal, out, err } = fakeTerminal();
  let code: number | undefined;
  const program = createProgram({
    version: '1.2.3',
    env: { SLUICE_API_URL: server?.url ?? 'http://127.0.0.1:1', ...env },
    terminal,
    exitWith: (asked) => {
      code ??= asked;
    },
    interruptible: () => new AbortController().signal,
  });
  const error = await program.parseAsync(['node', 'sluice', ...args]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, code, out: out(), err: err() };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = await Array.fromAsync(request as AsyncIterable<Buffer>);
  return Buffer.concat(chunks).toString();
}

/** An API that knows one transaction, which is validated at first and, if it ends, done when asked again. */
async function api({ ends = true } = {}): Promise<{
  posted: { body: string; headers: IncomingMessage['headers'] }[];
}> {
  const posted: { body: string; headers: IncomingMessage['headers'] }[] = [];
  let asked = 0;
  const answer = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json', etag: `"${asked}"` });
    response.end(JSON.stringify(body));
  };
  server = await serve((request, response) => {
    if (request.method === 'POST')
      return void bodyOf(request).then((body) => {
        posted.push({ body, headers: request.headers });
        answer(response, 202, { id: ID, state: 'accepted' });
      });
    if (!request.url!.startsWith(`/v1/transactions/${ID}`))
      return answer(response, 404, { title: 'There is no such transaction', detail: 'None.' });
    const state = asked++ === 0 || !ends ? 'validated' : 'done';
    const times = { accepted: '2026-01-01T00:00:00.000Z' };
    answer(response, 200, { id: ID, type: 'payment', key: ID, state, version: 2, attempts: 0, times });
  });
  return { posted };
}

describe('submit', () => {
  test('sends the payload as it was given, and prints the id', async () => {
    const { posted } = await api();
    const { out, error } = await sluice([
      'submit',
      '--payload',
      PAYLOAD,
      '--key',
      'k',
      '--idempotency-key',
      'i',
    ]);
    expect(error).toBeUndefined();
    expect(out).toBe(`${ID}\n`);
    expect(posted[0]!.body).toBe(`{"type":"payment","key":"k","payload":${PAYLOAD}}`);
    expect(posted[0]!.headers['idempotency-key']).toBe('i');
  });

  test('waits for the end', async () => {
    await api();
    const { out, code } = await sluice(['submit', '--payload', '{}', '--wait', '5s']);
    expect(out).toContain('state           done, version 2');
    expect(code).toBe(0);
  });

  test('names every mistake at once', async () => {
    const { error } = await sluice(
      ['submit', '--payload', '{', '--bulk', '/nowhere', '--deadline', 'soon', '--wait', '3'],
      { SLUICE_API_URL: 'ftp://x' },
    );
    expect(error).toMatchObject({ exitCode: 2 });
    const { message } = error as CliError;
    for (const mistake of ['one of --payload', '--payload "{" is not JSON', 'ENOENT', '--deadline', '--wait'])
      expect(message).toContain(mistake);
    expect(message).toContain('SLUICE_API_URL is "ftp://x"');
  });
});

describe('get', () => {
  test('exit code 1 when there is none', async () => {
    await api();
    const { error } = await sluice(['get', 'nobody']);
    expect(error).toMatchObject({ exitCode: 1, message: 'There is no such transaction (404).\n  None.' });
  });

  test('exit code 1 when it has no end within the time', async () => {
    await api({ ends: false });
    expect((await sluice(['get', ID])).code).toBe(0);
    expect((await sluice(['get', ID, '--wait', '50ms'])).code).toBe(1);
  });

  test('exit code 2 when nobody answers', async () => {
    const { error } = await sluice(['get', ID], { SLUICE_API_URL: 'http://127.0.0.1:1' });
    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({ exitCode: 2 });
    expect((error as CliError).message).toMatch(
      /^The API at http:\/\/127\.0\.0\.1:1 \(SLUICE_API_URL\) cannot/,
    );
  });
});

test.each<[string, string[], RegExp]>([
  ['nothing chosen', ['dlq', 'redrive'], /one of --id, --cause, --topic and --all is needed/],
  [
    'too much chosen',
    ['dlq', 'redrive', '--all', '--id', '1', '--cause', 'x'],
    /--id does not go with --cause and --all\n {2}--all does not go with --id and --cause/,
  ],
  ['no rate', ['dlq', 'redrive', '--all', '--rate', '0'], /--rate "0" must be a rate/],
  ['no number', ['dlq', 'show', 'x'], /<id> "x" must be the number of a dead letter/],
  ['no id', ['why', 'x'], /<id> "x" must be the id of a transaction/],
  ['no time', ['verify', '--wait', '3', '--outbox-bound', 'x'], /2 mistake\(s\)/],
])('a wrong command line is told of before anything is done: %s', async (_name, args, message) => {
  const { error } = await sluice(args);
  expect(error).toMatchObject({ exitCode: 2 });
  expect((error as CliError).message).toMatch(message);
});

test('a database that does not answer: exit code 2, with its place and variable', async () => {
  const { error } = await sluice(['verify'], { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' });
  expect(error).toMatchObject({ exitCode: 2 });
  expect((error as CliError).message).toMatch(
    /^The database 127\.0\.0\.1:1\/x \(DATABASE_URL\) cannot be reached/,
  );
});
