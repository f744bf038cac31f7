import type { Socket } from 'node:net';
import { prototypeOf } from './prototype-of.ts';

/**
 * In kafkajs 2.2.4 a connection listens to its old socket for ever. When it is closed and opened again at once, the
 * end of the old socket comes in late and takes down the new one: requests under way are rejected, and a send that
 * the broker has written already is sent again. This lets go of a socket as soon as it is closed.
 */
interface Connection {
  readonly socket?: Socket | null;
  disconnect: (this: Connection) => Promise<unknown>;
}

let patched = false;

/** @throws Error when this is not the kafkajs the patch was written for */
export function patchReconnect(): void {
  if (patched) return;
  const prototype = prototypeOf<Connection>('reconnect', 'network/connection.js', ['disconnect']);
  const { disconnect } = prototype;

  prototype.disconnect = async function () {
    const { socket } = this;
    const result = await disconnect.call(this);
    if (socket && this.socket === socket) letGo(socket);
    return result;
  };
  patched = true;
}

/** A destroyed socket says nothing any more; what was written to it still goes out. */
function letGo(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else socket.destroySoon();
}
