import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KafkajsConnection } from '../../../test/fixtures/kafkajs-connection.ts';
import { CONNECTION_TIMEOUT_MS, kafkajsConnection } from '../../../test/fixtures/kafkajs-connection.ts';
import { patchReconnect } from './reconnect-patch.ts';

let broker: Server;
let sockets: Socket[];
let connection: KafkajsConnection;

beforeEach(async () => {
  patchReconnect();
  sockets = [];
  broker = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket.on('error', () => {})));
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  connection = kafkajsConnection((broker.address() as AddressInfo).port);
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  broker.close();
});

test('the late end of a closed socket leaves the connection that took its place alone', async () => {
  await connection.connect();
  await connection.disconnect();
  await connection.connect();
  await sleep(20);
  const [old, current] = sockets;
  old!.end('an answer nobody waits for');
  await sleep(50);
  expect(connection.isConnected()).toBe(true);

  current!.end();
  await sleep(50);
  expect(connection.isConnected()).toBe(false);
});

test('an attempt to connect that is closed is rejected at once, and leaves the next one alone', async () => {
  const attempt = failureOf(connection.connect());
  await connection.disconnect();
  expect(await attempt).toMatch('Closed while it was opened');

  await connection.connect();
  await sleep(CONNECTION_TIMEOUT_MS + 100);
  expect(connection.isConnected()).toBe(true);
});

test('who closes an attempt may begin the next one at once', async () => {
  const attempt = failureOf(connection.connect());
  await connection.disconnect();
  await connection.connect();
  expect(await attempt).toMatch('Closed while it was opened');
  await sleep(CONNECTION_TIMEOUT_MS + 100);
  expect(connection.isConnected()).toBe(true);
});

test('closed twice at once, what is opened after the first of them stays open', async () => {
  await connection.connect();
  const reopened = connection.disconnect().then(() => connection.connect());
  await Promise.all([connection.disconnect(), reopened]);
  await sleep(50);
  expect(connection.isConnected()).toBe(true);
});

test('two that open at once share a socket', async () => {
  await Promise.all([connection.connect(), connection.connect()]);
  await sleep(20);
  expect(sockets).toHaveLength(1);
});

test('who cannot log in comes again by a new connection', async () => {
  const { port } = broker.address() as AddressInfo;
  const refused = kafkajsConnection(port, { sasl: { mechanism: 'a mechanism of no broker' } });
  await refused.connect();
  expect(await failureOf(refused.authenticate())).not.toBe('none');
  expect(refused.isConnected()).toBe(false);
  await refused.connect();
  await sleep(20);
  expect(sockets).toHaveLength(2);
});

function failureOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'none',
    (error: Error) => error.message,
  );
}
