import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { kafkajsConnection } from '../../../test/fixtures/kafkajs-connection.ts';
import { patchReconnect } from './reconnect-patch.ts';

test('the late end of a closed socket leaves the connection that took its place alone', async () => {
  patchReconnect();
  const sockets: Socket[] = [];
  const broker = createServer({ allowHalfOpen: true }, (socket) =>
    sockets.push(socket.on('error', () => {})),
  );
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const connection = kafkajsConnection((broker.address() as AddressInfo).port);

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
  for (const socket of sockets) socket.destroy();
  broker.close();
});
