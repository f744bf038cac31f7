import type { Logger } from 'pino';
import type { Metrics } from '../../otel/metrics.ts';
import { runBatch, startSend } from '../../otel/tracing.ts';
import type { OutgoingMessage, Producer } from '../broker/port.ts';
import { toHeaders } from '../domain/cloud-event.ts';
import { deadLetterTopicOf, topicOf } from '../domain/events.ts';
import type { DeadLetter, OutboxRow, RelayStore } from '../store/port.ts';
import { SHARDS } from '../store/shard.ts';
import { pauseAfter } from './pacing.ts';
import { pause } from './schedule.ts';

export interface RelayOptions {
  readonly prefix: string;
  readonly store: RelayStore & { deadLetter(letters: readonly DeadLetter[]): Promise<void> };
  readonly producer: Producer;
  /** Claims under way at the same time; each has its share of the shards. */
  readonly loops: number;
  readonly batchMax: number;
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  /** The broker will never take this message, whatever the weather. */
  readonly isRefusedMessage: (error: unknown) => boolean;
  /**
   * Called after a failure, never twice at once: may mend what was in the way. True when it did, and the next
   * attempt need not wait.
   */
  readonly mend: (error: unknown) => Promise<boolean>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Relay {
  start(): void;
  /** Ends after the batches that are under way. */
  stop(): Promise<void>;
  /** Unix ms of the last claim that went well. */
  lastSuccessMs(): number;
  /** Unix ms at which the loop that has been silent for longest last ended a claim, well or not. */
  lastAttemptMs(): number;
}

const RETRY_MIN_MS = 100;
/** A wait that has doubled to more goes on when the broker is back, and everything accepted waits with it. */
const RETRY_MAX_MS = 1_000;

/**
 * Moves committed outbox rows to Kafka, at least once and in order per key: each shard has one holder, one
 * claim and one send in flight, and a batch that fails stays where it is and is tried again.
 */
export function createRelay(options: RelayOptions): Relay {
  const { store, producer, metrics, log } = options;
  const sent = metrics.counter('sluice.relay.sent');
  const batchSize = metrics.histogram('sluice.relay.batch.size');
  const sendDuration = metrics.histogram('sluice.relay.send.duration');
  const claims = metrics.counter('sluice.relay.claims');
  let stopping = new AbortController();
  let running: Promise<void>[] = [];
  let lastSuccessMs = Date.now();
  const lastAttempts = Array.from({ length: options.loops }, () => Date.now());

  async function send(rows: OutboxRow[]): Promise<void> {
    const outgoing = rows.map((row) => toOutgoing(row, options.prefix));
    const startMs = performance.now();
    try {
      await runBatch('send batch', { size: rows.length }, () =>
        producer.send(outgoing.map(({ message }) => message)),
      );
      for (const { span } of outgoing) span?.end();
    } catch (error) {
      for (const { span } of outgoing) span?.end(error);
      const [only] = rows;
      if (rows.length > 1 || !only || !options.isRefusedMessage(error)) throw error;
      await bury(only, error);
    }
    sendDuration.record((performance.now() - startMs) / 1_000);
    batchSize.record(rows.length);
    for (const { message } of outgoing) sent.add(1, { topic: message.topic });
  }

  /** A dead letter of the relay; one that cannot even be written to its dead-letter topic stays in the table. */
  async function bury(row: OutboxRow, error: unknown): Promise<void> {
    const { message } = toOutgoing(row, options.prefix);
    log.error({ err: error, topic: message.topic, outboxId: row.outboxId }, 'Kafka refuses this message');
    if (row.content.kind === 'dead-letter') return;
    await store.deadLetter([
      {
        topic: message.topic,
        partition: -1,
        offset: row.outboxId,
        key: Buffer.from(row.key),
        value: Buffer.from(row.content.data),
        headers: message.headers,
        stage: 'relay',
        cause: 'refused-by-broker',
        message: error instanceof Error ? error.message : String(error),
        attempts: 1,
        transactionId: row.content.transactionId,
      },
    ]);
  }

  /** Loops that fail at the same moment share one attempt at mending, and what came of it. */
  const mend = sharedPromise(async (error: unknown) => {
    try {
      return await options.mend(error);
    } catch (cause) {
      log.warn({ err: cause }, 'could not be mended');
      return false;
    }
  });

  async function loop(index: number, signal: AbortSignal): Promise<void> {
    const shards = Array.from({ length: SHARDS }, (_, shard) => shard).filter(
      (shard) => shard % options.loops === index,
    );
    let limit = options.batchMax;
    let empty = 0;
    let retryMs = RETRY_MIN_MS;
    let mended = false;
    while (!signal.aborted) {
      try {
        const rows = await store.claim(shards, limit, send);
        claims.add(1, { outcome: rows > 0 ? 'sent' : 'empty' });
        lastSuccessMs = lastAttempts[index] = Date.now();
        empty = rows > 0 ? 0 : empty + 1;
        const pauseMs = pauseAfter({ rows, limit, empty }, options);
        limit = Math.min(options.batchMax, limit * 2);
        retryMs = RETRY_MIN_MS;
        mended = false;
        if (pauseMs > 0) await pause(pauseMs, signal);
      } catch (error) {
        claims.add(1, { outcome: 'failed' });
        lastAttempts[index] = Date.now();
        // A refused message is found by halving; anything else is waited out.
        if (options.isRefusedMessage(error)) {
          limit = Math.max(1, Math.floor(limit / 2));
          continue;
        }
        log.warn({ err: error, retryMs }, 'claim failed, trying again');
        // Once without a wait; should that fail as well, something else is in the way.
        if ((await mend(error)) && !mended) {
          mended = true;
          continue;
        }
        await pause(retryMs, signal);
        retryMs = Math.min(RETRY_MAX_MS, retryMs * 2);
      }
    }
  }

  return {
    start: () => {
      stopping = new AbortController();
      running = Array.from({ length: options.loops }, (_, index) => loop(index, stopping.signal));
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
    },
    lastSuccessMs: () => lastSuccessMs,
    lastAttemptMs: () => Math.min(...lastAttempts),
  };
}

/** Calls that come while one is under way get its result. */
function sharedPromise<Argument, Result>(
  work: (argument: Argument) => Promise<Result>,
): (argument: Argument) => Promise<Result> {
  let running: Promise<Result> | undefined;
  return (argument) =>
    (running ??= work(argument).finally(() => {
      running = undefined;
    }));
}

function toOutgoing(
  row: OutboxRow,
  prefix: string,
): { message: OutgoingMessage; span: ReturnType<typeof startSend> | undefined } {
  const { content } = row;
  if (content.kind === 'dead-letter') {
    const topic = content.redrive ? content.topic : deadLetterTopicOf(content.topic);
    return {
      message: { topic, key: content.key, value: content.value, headers: content.headers },
      span: undefined,
    };
  }
  const topic = topicOf(prefix, content.event);
  const span = startSend({
    topic,
    key: row.key,
    transactionId: content.transactionId,
    traceparent: content.traceparent,
    outboxDelayMs: Date.now() - row.createdAt.getTime(),
  });
  const headers = toHeaders({ ...content, traceparent: span.traceparent });
  return { message: { topic, key: row.key, value: content.data, headers }, span };
}
