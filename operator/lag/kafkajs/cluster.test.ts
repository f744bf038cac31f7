import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { deadlineIn } from '../deadline.ts';
import { Cluster } from './cluster.ts';

/** Of a port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a topic that could not be asked for is not said to be missing', async () => {
  const address = { host: '127.0.0.1', port: await closedPort() };
  const security = () => Promise.resolve({ ssl: undefined, sasl: undefined });
  const cluster = new Cluster({
    connection: { name: 'main', brokers: [address], clientId: 'test', security },
    onRequest: () => {},
    now: () => performance.now(),
    random: () => 1,
  });
  expect(cluster.leaders('orders')).toMatchObject({ reason: 'OffsetsIncomplete', stale: true });
  await expect(cluster.refresh(['orders'], deadlineIn(5_000))).rejects.toThrow('ECONNREFUSED');
  expect(cluster.leaders('orders')).toMatchObject({ reason: 'BrokerUnreachable', stale: true });
  cluster.close();
});
