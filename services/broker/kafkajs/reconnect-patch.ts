import type { Socket } from 'node:net';
import { prototypeOf } from './prototype-of.ts';

/**
 * A connection of kafkajs 2.2.4 listens to its old socket for ever, and does not know which socket an event is of.
 * - Closed and opened again at once, the late end of the old socket takes down the new one: requests under way are
 *   rejected, and a send that the broker has written already is sent again.
 * - Closed while it is opened, the attempt goes on, and its end or its timeout takes down the next one.
 * - Closed twice at once, the second one closes what has been opened after the first.
 * - Refused for its credentials, it is used again, until the broker closes it under the next ones.
 * This closes once at a time, lets go of a socket as soon as it is closed, and rejects an attempt that was under way; who
 * was refused comes again by a new one.
 */
interface Connection {
  readonly socket?: Socket | null;
  connect: (this: Connection) => Promise<unknown>;
  authenticate: (this: Connection) => Promise<void>;
  disconnect: (this: Connection) => Promise<unknown>;
}

const attempts = new WeakMap<Connection, Promise<unknown>>();
const closings = new WeakMap<Connection, Promise<unknown>>();
let patched = false;

/** @throws Error when this is not the kafkajs the patch was written for */
export function patchReconnect(): void {
  if (patched) return;
  const methods = ['connect', 'authenticate', 'disconnect'] as const;
  const prototype = prototypeOf<Connection>('reconnect', 'network/connection.js', methods);
  const { connect, authenticate, disconnect } = prototype;

  prototype.connect = function () {
    return shared(attempts, this, () => connect.call(this));
  };
  prototype.authenticate = async function () {
    try {
      await authenticate.call(this);
    } catch (error) {
      await this.disconnect();
      throw error;
    }
  };
  prototype.disconnect = function () {
    return shared(closings, this, async () => {
      const { socket } = this;
      const result = await disconnect.call(this);
      if (socket) letGo(socket, attempts.has(this));
      attempts.delete(this);
      return result;
    });
  };
  patched = true;
}

/** One at a time of each connection; who asks meanwhile gets the same. */
function shared(
  underWay: WeakMap<Connection, Promise<unknown>>,
  connection: Connection,
  begin: () => Promise<unknown>,
): Promise<unknown> {
  const current = underWay.get(connection);
  if (current) return current;
  const mine = begin().finally(() => {
    if (underWay.get(connection) === mine) underWay.delete(connection);
  });
  underWay.set(connection, mine);
  return mine;
}

/** A destroyed socket says nothing any more; what was written to it still goes out. */
function letGo(socket: Socket, isOpening: boolean): void {
  // kafkajs rejects an attempt, and forgets its timeout, by an error only.
  if (isOpening && !socket.destroyed) socket.emit('error', new Error('Closed while it was opened'));
  if (socket.connecting) socket.destroy();
  else socket.destroySoon();
}
