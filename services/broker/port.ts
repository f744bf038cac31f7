import type { Headers } from '../domain/cloud-event.ts';

/** A record to be written. `value` null is a tombstone. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Headers;
}

/** A record as it was read: nothing in it has been checked yet. */
export interface IncomingMessage {
  readonly topic: string;
  readonly partition: number;
  /** Decimal, as Kafka counts: 64 bits. */
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  /** Unix ms when the record was produced. */
  readonly timestampMs: number;
}

/** Connects by itself, and again after an outage. */
export interface Producer {
  /** Writes all messages in one request per broker and waits for every in-sync replica (acks=-1). */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  disconnect(): Promise<void>;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}
export interface OffsetCommit extends TopicPartition {
  readonly offset: string;
  readonly metadata: string;
}

/** Called by a Consumer, never concurrently for the same partition. */
export interface ConsumerHandler {
  /**
   * Takes over the messages of one partition. Returning does not commit them: it lets the consumer fetch on.
   * `heartbeat` must be called at least every few hundred ms while waiting, and its rejection let through.
   */
  onMessages(messages: readonly IncomingMessage[], heartbeat: () => Promise<void>): Promise<void>;
  /** The group is rebalancing: offsets of the last assignment can be committed for the last time, before it returns. */
  onRevoked(): void;
  /** A new assignment has begun; it may be empty, when there are more members than partitions. */
  onAssigned(partitions: readonly TopicPartition[]): void;
}

export interface Consumer {
  start(handler: ConsumerHandler): Promise<void>;
  /** Commits offsets with their metadata; a no-op for partitions that are no longer assigned. */
  commit(offsets: readonly OffsetCommit[]): Promise<void>;
  /** Leaves the group, so that the others take over at once. */
  stop(): Promise<void>;
  /** Unix ms of the last fetch or heartbeat that the broker answered: what readiness looks at. */
  lastActivityMs(): number;
  /** Unix ms of the last answer, or of the last failure that is being retried: what liveness looks at. */
  lastSignMs(): number;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
}

export interface PartitionOffsets {
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

export interface CommittedOffset {
  readonly partition: number;
  /** Undefined: the group has never committed here. */
  readonly offset: bigint | undefined;
  readonly metadata: string | undefined;
}

/** Connects by itself, and again after an outage. */
export interface BrokerAdmin {
  /** Creates what is missing; returns the topics it created. Never changes an existing topic. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<string[]>;
  /** 0: there is no such topic. Never creates it. */
  partitionCount(topic: string): Promise<number>;
  topicOffsets(topic: string): Promise<PartitionOffsets[]>;
  committedOffsets(group: string, topic: string): Promise<CommittedOffset[]>;
  /** Which member of the group has each partition of the topic; those that nobody has are left out. */
  owners(group: string, topic: string): Promise<Map<number, string>>;
  disconnect(): Promise<void>;
}
