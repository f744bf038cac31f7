import type { EachBatchPayload, IHeaders, KafkaMessage } from 'kafkajs';
import kafkajs from 'kafkajs';
import type { Headers } from '../../domain/cloud-event.ts';
import type { Consumer, ConsumerHandler, IncomingMessage, TopicPartition } from '../port.ts';
import type { Owned } from '../sticky-assignment.ts';
import type { ClientOptions } from './client.ts';
import { createKafka } from './client.ts';
import { stickyAssigner } from './sticky-assigner.ts';

export interface ConsumerOptions extends ClientOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** The consumer is dead and will not come back by itself: end the process. */
  readonly onDead: (error: Error) => void;
  readonly onRestart: () => void;
}

const REVIVE_MS = 500;

/**
 * A group member that takes offsets from its caller. kafkajs fetches on from the last resolved offset, so each
 * batch is resolved as soon as it has been taken over, and committed (by `commit`) when its work is done.
 */
export function createConsumer(options: ConsumerOptions): Consumer {
  let owned: Owned = {};
  const consumer = createKafka(options).consumer({
    groupId: options.groupId,
    // The second is for a group in which some members are still of a version that knows only that one.
    partitionAssigners: [stickyAssigner(() => owned), kafkajs.PartitionAssigners.roundRobin],
    sessionTimeout: 10_000,
    // How fast a rebalance is noticed; a member works on for two more of it (see `Heartbeats`).
    heartbeatInterval: 150,
    rebalanceTimeout: 15_000,
    maxWaitTimeInMs: 100,
    minBytes: 1,
    maxBytesPerPartition: 262_144,
    maxBytes: 4_194_304,
    metadataMaxAge: 60_000,
    allowAutoTopicCreation: false,
    // Where one member joins after the other, each waits this long before it joins again, and all wait for it.
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 24 },
  });
  let assigned = new Set<string>();
  let lastActivityMs = Date.now();
  let lastSignMs = Date.now();
  const touch = (): void => {
    lastActivityMs = lastSignMs = Date.now();
  };
  const { CRASH, FETCH, GROUP_JOIN, HEARTBEAT, REBALANCING } = consumer.events;
  consumer.on(FETCH, touch);
  consumer.on(HEARTBEAT, touch);
  let run = (): Promise<void> => Promise.resolve();
  let reviving: NodeJS.Timeout | undefined;
  let stopped = false;
  consumer.on(CRASH, ({ payload }) => {
    lastSignMs = Date.now();
    if (!payload.restart && !isOutage(payload.error)) return options.onDead(payload.error);
    options.onRestart();
    // A new process would be a new member, and wait until the session of this one is over.
    if (!payload.restart && !stopped)
      reviving = setTimeout(() => void run().catch(options.onDead), REVIVE_MS);
  });

  return {
    start: async (handler) => {
      consumer.on(REBALANCING, () => {
        handler.onRevoked();
        assigned = new Set();
      });
      consumer.on(GROUP_JOIN, ({ payload }) => {
        owned = payload.memberAssignment;
        const partitions = toPartitions(owned);
        assigned = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`));
        handler.onAssigned(partitions);
        touch();
      });
      await consumer.connect();
      await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
      run = () =>
        consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 64,
          eachBatch: (payload) => takeOver(payload, handler, assigned),
        });
      await run();
    },
    commit: async (offsets) => {
      const ours = offsets.filter(({ topic, partition }) => assigned.has(`${topic}/${partition}`));
      if (ours.length > 0) await consumer.commitOffsets([...ours]);
    },
    stop: () => {
      stopped = true;
      clearTimeout(reviving);
      return consumer.disconnect();
    },
    lastActivityMs: () => lastActivityMs,
    lastSignMs: () => lastSignMs,
  };
}

/** kafkajs gives up for good when it finds no coordinator in time: while the broker is away, or just back. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'KafkaJSGroupCoordinatorNotFound' || isOutage(error.cause);
}

async function takeOver(
  payload: EachBatchPayload,
  handler: ConsumerHandler,
  assigned: ReadonlySet<string>,
): Promise<void> {
  const { batch } = payload;
  if (!payload.isRunning() || payload.isStale()) return;
  if (!assigned.has(`${batch.topic}/${batch.partition}`)) throw joinAgain();
  await handler.onMessages(
    batch.messages.map((message) => toIncoming(batch.topic, batch.partition, message)),
    () => payload.heartbeat(),
  );
  payload.resolveOffset(batch.lastOffset());
}

/**
 * After a rebalance that fails half way (the coordinator is still loading the group) kafkajs fetches on with the
 * assignment it had, and the broker may well know it as the same member: no second event of a join ever comes.
 * What we have been told to give up we do not take; this makes kafkajs join again, and fetch from the last commit.
 */
function joinAgain(): Error {
  const error = new Error('Fetched from a partition that was taken away: joining again');
  return new kafkajs.KafkaJSProtocolError(
    Object.assign(error, { type: 'REBALANCE_IN_PROGRESS', code: 27, retriable: true }),
  );
}

function toIncoming(topic: string, partition: number, message: KafkaMessage): IncomingMessage {
  const { offset, key, value, timestamp } = message;
  return {
    topic,
    partition,
    offset,
    key,
    value,
    headers: toHeaders(message.headers),
    timestampMs: Number(timestamp),
  };
}

/** Header values are bytes; ours are UTF-8. Of a repeated header the last one counts. */
function toHeaders(raw: IHeaders | undefined): Headers {
  const headers: Record<string, string> = {};
  for (const name in raw) {
    const value = raw[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) headers[name] = last.toString();
  }
  return headers;
}

function toPartitions(assignment: Owned): TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
