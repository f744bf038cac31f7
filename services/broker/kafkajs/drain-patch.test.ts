import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { kafkajsConnection } from '../../../test/fixtures/kafkajs-connection.ts';
import { patchDrain } from './drain-patch.ts';

const require = createRequire(import.meta.url);
const apiVersions = require('kafkajs/src/protocol/requests/apiVersions/index.js') as {
  protocol(options: { version: number }): () => object;
};
const nothing = (): void => {};

/** Microtasks from sending to closing; without the patch one of these never ends. */
const DELAYS = Array.from({ length: 16 }, (_, delay) => delay);

test('a request that is sent while its connection closes ends, and the connection too', async () => {
  patchDrain();
  const sockets: Socket[] = [];
  const broker = createServer((socket) => sockets.push(socket.on('error', nothing)));
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const { port } = broker.address() as AddressInfo;

  const race = async (delay: number): Promise<boolean> => {
    const connection = kafkajsConnection(port);
    await connection.connect();
    const answer = connection.send(apiVersions.protocol({ version: 0 })()).catch(nothing);
    for (let microtask = 0; microtask < delay; microtask++) await Promise.resolve();
    void connection.disconnect();
    await sleep(100);
    // The broker is killed.
    for (const socket of sockets) socket.destroy();
    await answer;
    await sleep(10);
    return connection.isConnected();
  };
  expect(await Promise.all(DELAYS.map(race))).toEqual(DELAYS.map(() => false));
  broker.close();
}, 10_000);
