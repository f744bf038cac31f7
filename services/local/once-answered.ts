import { connect } from 'node:net';

export interface Probe {
  /** Rejects or resolves to false while the server does not answer. */
  readonly probe: () => Promise<boolean>;
  /** The server is being started again: ask it anew. */
  readonly reset: () => void;
}

/**
 * Probes a server that is costly to ask: a real request until the first answer, a TCP connection after it. The
 * port alone says little at first, since both Kafka and Postgres open theirs before they can serve.
 */
export function onceAnswered(port: number, ask: () => Promise<unknown>): Probe {
  let answered = false;
  return {
    probe: async () => {
      const open = await accepts(port);
      if (open && !answered) {
        await ask();
        answered = true;
      }
      return open;
    },
    reset: () => {
      answered = false;
    },
  };
}

/** Whether something listens on a port of 127.0.0.1. */
export function accepts(port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
