import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { deadlineIn } from '../deadline.ts';
import { BrokerLink } from './broker-link.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Something that listens where a broker should be. */
async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer(onConnection);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function linkTo(port: number, clock: { ms: number }): { link: BrokerLink; outcomes: string[] } {
  const outcomes: string[] = [];
  const link = new BrokerLink({
    address: { host: '127.0.0.1', port },
    clientId: 'test',
    security: () => Promise.resolve({ ssl: undefined, sasl: undefined }),
    onRequest: (api, outcome) => outcomes.push(`${api} ${outcome}`),
    now: () => clock.ms,
    random: () => 1,
  });
  return { link, outcomes };
}

const ask = (link: BrokerLink, ms = 5_000): Promise<unknown> =>
  link.request('Metadata', { topics: [] }, deadlineIn(ms)).catch((error: unknown) => error);

test('the pauses between attempts double up to 10 s; meanwhile requests fail without one', async () => {
  let attempts = 0;
  const port = await listen((socket) => {
    attempts++;
    socket.destroy();
  });
  const clock = { ms: 0 };
  const { link, outcomes } = linkTo(port, clock);
  const attemptsAt: number[] = [];
  for (; clock.ms < 40_000; clock.ms += 100) {
    const before = attempts;
    expect(await ask(link)).toMatchObject({ reason: 'BrokerUnreachable' });
    if (attempts > before) attemptsAt.push(clock.ms);
  }
  expect(attemptsAt).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 25_500, 35_500]);
  expect(new Set(outcomes)).toEqual(new Set(['Metadata failed']));
  link.close();
});

test('many requests at once make one attempt', async () => {
  let attempts = 0;
  const port = await listen((socket) => {
    attempts++;
    socket.destroy();
  });
  const { link } = linkTo(port, { ms: 0 });
  await Promise.all(Array.from({ length: 50 }, () => ask(link)));
  expect(attempts).toBe(1);
  link.close();
});

test('who listens and says nothing: the deadline ends the wait', async () => {
  const port = await listen(() => {});
  const { link } = linkTo(port, { ms: 0 });
  const startedMs = performance.now();
  expect(await ask(link, 100)).toMatchObject({ reason: 'ReadTimedOut' });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  link.close();
});

/** Says which requests it knows, in the words of ApiVersions 2, and nothing after that. */
function onlyVersions(socket: Socket): void {
  socket.once('data', (request: Buffer) => {
    const body = Buffer.alloc(14);
    body.writeInt32BE(1, 2);
    body.writeInt16BE(3, 6);
    body.writeInt16BE(6, 10);
    // The request: size, key, version, correlation id.
    const reply = Buffer.concat([
      Buffer.alloc(4),
      request.subarray(8, 12),
      body.subarray(0, 12),
      Buffer.alloc(4),
    ]);
    reply.writeInt32BE(reply.length - 4);
    socket.write(reply);
  });
}

test.each([
  ['while it is being opened', () => {}],
  ['once it is open', onlyVersions],
])('a connection that hangs %s is opened anew, though the wall clock was set back', async (_, answer) => {
  let attempts = 0;
  const port = await listen((socket) => {
    attempts++;
    answer(socket);
  });
  const clock = { ms: 0 };
  const { link } = linkTo(port, clock);
  const wall = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
  expect(await ask(link, 200)).toMatchObject({ reason: 'ReadTimedOut' });
  wall.mockReturnValue(Date.now() - 3_600_000);
  clock.ms += 5_000;
  expect(await ask(link, 200)).toMatchObject({ reason: 'ReadTimedOut' });
  expect(attempts).toBe(1);
  clock.ms += 6_000;
  expect(await ask(link, 200)).toMatchObject({ reason: 'ReadTimedOut' });
  clock.ms += 1_000;
  expect(await ask(link, 200)).toMatchObject({ reason: 'ReadTimedOut' });
  expect(attempts).toBe(2);
  wall.mockRestore();
  link.close();
});

test('secrets that cannot be read are a failure of this connection, not of the process', async () => {
  const link = new BrokerLink({
    address: { host: '127.0.0.1', port: 1 },
    clientId: 'test',
    security: () => Promise.reject(new Error('ENOENT: /var/run/secrets/password')),
    onRequest: () => {},
    now: () => 0,
    random: () => 1,
  });
  expect(await ask(link)).toMatchObject({
    reason: 'Unauthorized',
    message: expect.stringContaining('/var/run/secrets/password'),
  });
});
