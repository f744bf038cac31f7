import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SinkMessage } from './sink.ts';

/** Takes whatever is exported to it, and looks at none of it: what a collector costs is not to be measured. */
const send = (message: SinkMessage): void => void process.send!(message);
let bytes = 0;

const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => void (bytes += chunk.length));
  // The answer without anything to say, in Protocol Buffers, is empty.
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});
server.listen({ port: 0, host: '127.0.0.1' }, () =>
  send({ kind: 'listening', port: (server.address() as AddressInfo).port }),
);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  send({ kind: 'usage', bytes, cpuSeconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit(0));
