import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { ProblemError } from './problems.ts';
import { readBody } from './read-body.ts';

/** What reading a request with these limits comes to, as the client writes it. */
async function reading(write: (request: ReturnType<typeof httpRequest>) => void): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const server = createServer((request: IncomingMessage, response) => {
    readBody(request, { maxBytes: 10, timeoutMs: 100 })
      .then((bytes) => resolve(bytes.toString()))
      .catch((error: unknown) => resolve(error instanceof ProblemError ? error.problem.code : String(error)))
      .finally(() => response.end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', agent: false });
  request.on('error', () => {});
  write(request);
  const result = await promise;
  request.destroy();
  server.close();
  return result;
}

test('a body within the limits', async () => {
  expect(await reading((request) => request.end('0123456789'))).toBe('0123456789');
});

test('a body that is too large', async () => {
  expect(await reading((request) => request.end('01234567890'))).toBe('too-large');
});

test('a body that never ends', async () => {
  expect(await reading((request) => void request.write('01'))).toBe('body-timeout');
});

test('a body that trickles in, byte by byte', async () => {
  let timer: NodeJS.Timeout;
  const result = await reading((request) => {
    timer = setInterval(() => request.write('0'), 30);
  });
  clearInterval(timer!);
  expect(result).toBe('body-timeout');
});

test('a body that breaks off', async () => {
  const write = (request: ReturnType<typeof httpRequest>) => {
    request.write('01');
    setTimeout(() => request.destroy(), 20);
  };
  expect(await reading(write)).toBe('incomplete-body');
});
