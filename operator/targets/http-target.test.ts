import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpTarget } from './http-target.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

let server: Server;
let baseUrl: string;
let answer: (request: IncomingMessage) => Promise<Answer | undefined>;

beforeAll(async () => {
  server = createServer((request, response) => {
    void answer(request).then((given) => {
      if (given) response.writeHead(given.status).end(given.body);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const target = () => createHttpTarget({ baseUrl, name: 'my stage', timeoutMs: 200 });

test('reads and sets the replicas of a stage by its name', async () => {
  const seen: unknown[] = [];
  answer = async (request) => {
    seen.push([request.method, request.url, request.method === 'PUT' ? await json(request) : undefined]);
    return { status: request.method === 'PUT' ? 202 : 200, body: '{"replicas":2,"ready":1,"processes":[]}' };
  };
  expect(await target().read()).toEqual({ desired: 2, ready: 1, revision: '' });
  await target().scale(5);
  expect(seen).toEqual([
    ['GET', '/stages/my%20stage', undefined],
    ['PUT', '/stages/my%20stage', { replicas: 5 }],
  ]);
});

test.each([
  [404, '{"detail":"There is no stage."}', 'missing', 'There is no stage.'],
  [422, '{"detail":"too many"}', 'refused', 'too many'],
  [500, 'oops', 'refused', 'answers 500'],
  [200, '{"replicas":"two"}', 'refused', 'no stage'],
])('an answer %i with %s is %s', async (status, body, code, message) => {
  answer = () => Promise.resolve({ status, body });
  await expect(target().read()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test('who does not answer is given up; who is not there is named', async () => {
  answer = () => Promise.resolve(undefined);
  const startedMs = performance.now();
  await expect(target().read()).rejects.toMatchObject({ code: 'unreachable' });
  expect(performance.now() - startedMs).toBeLessThan(1_500);
  const gone = createServer();
  await new Promise<void>((resolve) => void gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const nobody = createHttpTarget({ baseUrl: `http://127.0.0.1:${port}`, name: 'x' });
  await expect(nobody.scale(1)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});
