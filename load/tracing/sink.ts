import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface SinkUsage {
  /** Received so far. */
  readonly bytes: number;
  readonly cpuSeconds: number;
}

export type SinkMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | ({ readonly kind: 'usage' } & SinkUsage);

/** An OTLP/http endpoint on loopback, in a process of its own, that keeps nothing. */
export interface Sink {
  readonly endpoint: string;
  usage(): Promise<SinkUsage>;
  close(): void;
}

export async function openSink(): Promise<Sink> {
  const child = fork(join(import.meta.dirname, 'sink-process.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`The sink of the traces ended with ${code}.`);
  });
  // It ends in the end; only who waits for an answer minds.
  ended.catch(() => undefined);
  const next = async (): Promise<SinkMessage> => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [SinkMessage];
    return message;
  };
  const first = await next();
  if (first.kind !== 'listening') throw new Error('The sink of the traces did not say where it listens.');
  return {
    endpoint: `http://127.0.0.1:${first.port}`,
    usage: async () => {
      const answer = next();
      child.send('usage');
      const message = await answer;
      if (message.kind !== 'usage') throw new Error('The sink of the traces did not say what it has used.');
      return message;
    },
    close: () => {
      // A signal for the whole group has ended it already.
      if (child.connected) child.disconnect();
    },
  };
}
