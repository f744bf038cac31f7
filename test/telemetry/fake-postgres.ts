import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** The reply to each message of the frontend, by its type byte; others get none. */
const REPLIES: Readonly<Record<string, readonly Buffer[]>> = {
  Q: [message('C', 'SELECT 0\0'), message('Z', 'I')],
  P: [message('1')],
  B: [message('2')],
  D: [message('n')],
  E: [message('C', 'SELECT 0\0')],
  S: [message('Z', 'I')],
};

/**
 * Speaks just enough of Postgres' protocol (version 3) for a client that connects and runs statements: each
 * succeeds with no rows. For tests of what surrounds a statement, not of what it does.
 */
export async function openFakePostgres(): Promise<{ url: string; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://sluice@127.0.0.1:${port}/sluice`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  let started = false;
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      // The startup message alone has no type byte; the length counts itself, not the type.
      const offset = started ? 1 : 0;
      if (pending.length < offset + 4) return;
      const end = offset + pending.readInt32BE(offset);
      if (pending.length < end) return;
      const type = started ? pending.toString('latin1', 0, 1) : '';
      pending = pending.subarray(end);
      if (type === 'X') return void socket.end();
      const replies = started ? REPLIES[type] : [message('R', '\0\0\0\0'), message('Z', 'I')];
      started = true;
      socket.write(Buffer.concat(replies ?? []));
    }
  });
}

function message(type: string, body = ''): Buffer {
  const buffer = Buffer.from(`${type}\0\0\0\0${body}`, 'latin1');
  buffer.writeInt32BE(buffer.length - 1, 1);
  return buffer;
}
