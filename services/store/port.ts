import type { EventName, Order, State } from '../domain/state-machine.ts';
import type { Stage } from '../domain/stages.ts';
import type { Headers } from '../domain/cloud-event.ts';

/** A transaction to be accepted; ids are made by the caller. */
export interface Submission {
  readonly id: string;
  readonly type: string;
  readonly order: Order;
  readonly key: string;
  /** True when the client named the key: work is then serial within it. */
  readonly keyed: boolean;
  /** Shard of the outbox, a function of the key (`shardOf`). */
  readonly shard: number;
  readonly deadline?: Date | undefined;
  /** JSON text of the event `new` (WorkData). */
  readonly data: string;
  readonly traceparent: string;
  readonly idempotency?: { readonly key: string; readonly requestHash: string } | undefined;
}

export type AcceptOutcome =
  | { readonly kind: 'accepted'; readonly id: string }
  /** Same idempotency key and request, or same bulk line: this is what was stored before. */
  | { readonly kind: 'replayed'; readonly id: string }
  /** Same idempotency key or bulk line, other content. */
  | { readonly kind: 'conflict'; readonly id: string };

export interface StoredEvent {
  readonly version: number;
  readonly event: EventName;
  readonly state: State;
  readonly stage: Stage | 'api' | 'relay' | 'sync';
  readonly attempt: number;
  readonly data: unknown;
  readonly traceparent: string;
  readonly at: Date;
}

export interface TransactionRow {
  readonly id: string;
  readonly type: string;
  readonly order: Order;
  readonly key: string;
  readonly state: State;
  readonly version: number;
  readonly attempts: number;
  readonly deadline: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly acceptedAt: Date;
  readonly updatedAt: Date;
}

export interface TransactionView extends TransactionRow {
  /** Every event in order of version. */
  readonly events: readonly StoredEvent[];
}

export interface ListFilter {
  readonly state?: State | undefined;
  readonly type?: string | undefined;
  /** Only ids greater than this one (keyset). */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** One event that a stage wants to append. It takes effect only where the state machine has an edge. */
export interface Change {
  readonly id: string;
  readonly event: EventName;
  readonly stage: StoredEvent['stage'];
  /** Number of calls made for this event, 1 for a stage that does not retry. */
  readonly attempt: number;
  /** JSON text of the event's data. */
  readonly data: string;
  readonly traceparent: string;
  /** retry-scheduled: ms from now until the next attempt. */
  readonly delayMs?: number | undefined;
  /** True once a call has ended without telling whether it took effect. */
  readonly ambiguous?: boolean | undefined;
  /** The states it may take effect in, where that is fewer than the state machine has edges from. */
  readonly from?: readonly State[] | undefined;
}

export interface ApplyOptions {
  /**
   * Business SQL of the transaction type; reads from the CTE `settled(transaction_id, payload, response)`. With
   * it, a transaction without a response in its log is stale: there is nothing to save.
   */
  readonly settleSql?: string | undefined;
}

/** Events of one transaction, one after the other, that take effect all or none (the synchronous twin). */
export interface Chain {
  readonly id: string;
  readonly order: Order;
  readonly keyed: boolean;
  /** The state that it must be in. */
  readonly from: State;
  /** At least one. */
  readonly changes: readonly ChainedChange[];
}
export type ChainedChange = Omit<Change, 'id' | 'delayMs' | 'from'>;

export interface ChainOptions {
  /** Whether the last event goes to the outbox; the others never do. */
  readonly publish: 'none' | 'last';
  /** As in ApplyOptions, run with the last event; the response is that of the chain. */
  readonly settleSql?: string | undefined;
}

export interface Unmoved {
  readonly id: string;
  /** unknown: no such transaction. stale: the event has no edge from its state (a duplicate, mostly). */
  readonly reason: 'unknown' | 'stale';
}

/** Where a transaction stands before its remote call. */
export interface Progress {
  readonly id: string;
  readonly state: State;
  readonly attempts: number;
  readonly ambiguous: boolean;
  /** Its deadline has passed, by the database's clock. */
  readonly overdue: boolean;
  /** A retry is scheduled for later: this delivery is not the one to act on. */
  readonly waiting: boolean;
  /** An earlier transaction with the same key has not been processed: it will wake this one. */
  readonly blocked: boolean;
}

/** The remote's response to a transaction; undefined while there is none. */
export type Answer = { readonly response: unknown } | undefined;

export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly stage: Stage | 'relay';
  /** Machine-readable: bad-json, unknown-version, unknown-id, wrong-key, … */
  readonly cause: string;
  readonly message: string;
  readonly attempts: number;
  readonly transactionId?: string | undefined;
}

/** An outbox row joined with what it points to, ready to be sent. */
export interface OutboxRow {
  readonly outboxId: string;
  readonly key: string;
  readonly createdAt: Date;
  readonly content:
    | {
        readonly kind: 'event';
        readonly transactionId: string;
        readonly version: number;
        readonly event: EventName;
        readonly data: string;
        readonly traceparent: string;
        readonly at: Date;
      }
    | {
        readonly kind: 'dead-letter';
        readonly id: string;
        readonly redrive: boolean;
        readonly topic: string;
        readonly key: Buffer | null;
        readonly value: Buffer | null;
        readonly headers: Headers;
      };
}

export interface Account {
  readonly id: string;
  readonly status: 'active' | 'blocked' | 'closed';
  readonly currency: string;
  /** Largest single payment, in minor units. */
  readonly limit: number;
}

/** Read access for the database check of a transaction type. */
export type Query = <Row>(sql: string, values: readonly unknown[]) => Promise<Row[]>;

/** What every process asks before it starts. */
export interface SchemaStore {
  /** Migrations that this version needs and the database lacks. Rejects while it cannot be asked. */
  missingMigrations(): Promise<string[]>;
}

/** What the API needs. */
export interface AcceptStore {
  /** One commit for the whole batch; `publish: false` leaves the outbox alone (the synchronous twin). */
  accept(batch: readonly Submission[], options?: { publish?: boolean }): Promise<AcceptOutcome[]>;
  /** Registers a bulk batch, or finds it: the creation time its line ids are made from. Unix ms. */
  openBatch(batchId: string): Promise<number>;
  /** Age in seconds of the oldest outbox row, 0 when it is empty. */
  outboxAgeSeconds(): Promise<number>;
}

export interface QueryStore {
  find(id: string): Promise<TransactionView | undefined>;
  /** Current version by id, for those that exist. */
  versions(ids: readonly string[]): Promise<Map<string, number>>;
  list(filter: ListFilter): Promise<TransactionRow[]>;
}

/** What the stages need. */
export interface StageStore {
  /** Appends events and moves states in one statement; returns those that moved nothing. */
  apply(changes: readonly Change[], options?: ApplyOptions): Promise<Unmoved[]>;
  /**
   * Several events of one transaction in one statement (the synchronous twin).
   * @throws Error when the state machine has no such chain, or the transaction is in another state
   */
  applyChain(chain: Chain, options: ChainOptions): Promise<void>;
  progress(ids: readonly string[]): Promise<Map<string, Progress>>;
  /** What fan-out's join has to wait for: the remote's response to each transaction there is. */
  responses(ids: readonly string[]): Promise<Map<string, Answer>>;
  /** Stores dead letters (each once) and queues them for their topic. */
  deadLetter(letters: readonly DeadLetter[]): Promise<void>;
  readonly query: Query;
}

/** A transaction whose deadline has passed and whose remote call is certainly not under way. */
export interface Overdue extends TransactionRow {
  readonly ambiguous: boolean;
  readonly payload: unknown;
}

/** Transactions in `state` that have not moved since `before` may be given their event again. */
export interface SweepHorizon {
  readonly order: Order;
  readonly state: State;
  readonly before: Date;
}

/** An event that was published again and again, and buried each time by a stage that could not read it. */
export interface Unreadable {
  readonly id: string;
  readonly key: string;
  readonly version: number;
  readonly event: EventName;
  readonly data: string;
  readonly traceparent: string;
  readonly at: Date;
  readonly sweeps: number;
  /** Ids of the dead letters that tell of it, newest first. */
  readonly letters: readonly string[];
  /** What was wrong with the newest of them. */
  readonly cause: string;
  readonly message: string;
}

/** What the sweeper and the retry scheduler need. */
export interface SweepStore {
  /** The database's clock, and the creation time of the oldest outbox row. */
  outboxState(): Promise<{ now: Date; oldest: Date | undefined }>;
  /** Re-emits the event of every transaction whose scheduled attempt is due; returns how many. */
  emitDueRetries(limit: number): Promise<number>;
  /** Re-emits the event of transactions beyond their horizon; each waits twice as long the next time. */
  sweep(horizons: readonly SweepHorizon[], afterSeconds: number, limit: number): Promise<number>;
  overdue(limit: number): Promise<Overdue[]>;
  /** Events that were published `times` times again and could not be read any time. */
  unreadable(times: number): Promise<Unreadable[]>;
  /** Forgets idempotency keys and bulk batches of before; returns how many. */
  purge(olderThanHours: number): Promise<number>;
}

/** What the relay needs. */
export interface RelayStore {
  /**
   * Claims rows of the shards nobody else holds, hands them to `send`, and deletes them when it resolves.
   * Rejects as `send` does, with the rows left in place. Returns how many were sent.
   */
  claim(
    shards: readonly number[],
    limit: number,
    send: (rows: OutboxRow[]) => Promise<void>,
  ): Promise<number>;
}
