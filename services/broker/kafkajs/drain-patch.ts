import { createRequire } from 'node:module';
import { prototypeOf } from './prototype-of.ts';

/**
 * In kafkajs 2.2.4 a request can slip into a connection just as it closes, within one microtask. Its time is then
 * no longer counted; should the broker go away before the answer, the connection waits for it for ever, counts as
 * connected all the while, and swallows every later request: a consumer that says nothing and never comes back.
 * This bounds the wait: what has no answer by then is rejected, and the retries above it go on.
 */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, unknown>;
  readonly broker: string;
  waitForPendingRequests: (this: RequestQueue) => Promise<void>;
  rejectAll: (this: RequestQueue, error: Error) => void;
}

type ConnectionErrorClass = new (message: string, details: { broker: string }) => Error;

/** Longer than an answer of a broker that is well takes; a fetch waits 100 ms for messages. */
const DRAIN_MS = 2_000;
let patched = false;

/** @throws Error when this is not the kafkajs the patch was written for */
export function patchDrain(): void {
  if (patched) return;
  const require = createRequire(import.meta.url);
  const { KafkaJSConnectionError } = require('kafkajs/src/errors.js') as {
    KafkaJSConnectionError: ConnectionErrorClass;
  };
  const methods = ['waitForPendingRequests', 'rejectAll'] as const;
  const prototype = prototypeOf<RequestQueue>('drain', 'network/requestQueue/index.js', methods);
  const { waitForPendingRequests } = prototype;

  prototype.waitForPendingRequests = async function () {
    if (this.pending.length === 0 && this.inflight.size === 0) return;
    const giveUp = setTimeout(() => {
      this.rejectAll(new KafkaJSConnectionError('Closed before the answer came', { broker: this.broker }));
    }, DRAIN_MS);
    await waitForPendingRequests.call(this).finally(() => clearTimeout(giveUp));
  };
  patched = true;
}
