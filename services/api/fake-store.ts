import type {
  AcceptOutcome,
  Account,
  Change,
  StoredEvent,
  Submission,
  TransactionRow,
} from '../store/port.ts';
import type { State } from '../domain/state-machine.ts';
import { next } from '../domain/state-machine.ts';
import type { ApiStore } from './app.ts';

/** In-memory store for tests: the same contract as the real one, the same state machine, faults on request. */
export interface FakeStore extends ApiStore {
  readonly rows: ReadonlyMap<string, FakeRow>;
  /** Sizes of the batches it was given. */
  readonly batches: number[];
  /** Ids in the outbox. */
  readonly outbox: string[];
  /** The next calls of `accept` reject with these, in turn. */
  readonly acceptErrors: Error[];
  /** Called before each `accept` does its work. */
  beforeAccept: () => Promise<void>;
  /** Appends one event, as a stage would. */
  move(id: string, event: Change['event'], data?: object): void;
  readonly accounts: Map<string, Account>;
}

export interface FakeRow {
  readonly row: { -readonly [Name in keyof TransactionRow]: TransactionRow[Name] };
  readonly events: StoredEvent[];
  readonly submission: Submission;
}

const account = (id: string): [string, Account] => [
  id,
  { id, status: 'active', currency: 'EUR', limit: 1_000_000 },
];

export function createFakeStore(): FakeStore {
  const rows = new Map<string, FakeRow>();
  const keys = new Map<string, { id: string; requestHash: string }>();
  const openBatches = new Map<string, number>();
  const batches: number[] = [];
  const outbox: string[] = [];
  const acceptErrors: Error[] = [];
  const accounts = new Map([account('ACC-000001'), account('ACC-000002')]);

  function acceptOne(submission: Submission, publish: boolean): AcceptOutcome {
    const { id, idempotency } = submission;
    const taken = idempotency && keys.get(idempotency.key);
    if (taken)
      return { kind: taken.requestHash === idempotency.requestHash ? 'replayed' : 'conflict', id: taken.id };
    const known = rows.get(id);
    if (known) return { kind: known.submission.data === submission.data ? 'replayed' : 'conflict', id };
    if (idempotency) keys.set(idempotency.key, { id, requestHash: idempotency.requestHash });
    rows.set(id, newRow(submission, publish));
    if (publish) outbox.push(id);
    return { kind: 'accepted', id };
  }

  function apply(change: Change, publish: boolean): boolean {
    const found = rows.get(change.id);
    const to = found && next(found.row.order, found.row.state, change.event);
    if (!found || !to) return false;
    found.row.state = to;
    found.row.version++;
    found.row.updatedAt = new Date();
    found.events.push(eventOf(change, found.row.version, to));
    if (publish) outbox.push(change.id);
    return true;
  }

  const store: FakeStore = {
    rows,
    batches,
    outbox,
    acceptErrors,
    accounts,
    beforeAccept: async () => {},
    async accept(batch, { publish = true } = {}) {
      batches.push(batch.length);
      await store.beforeAccept();
      const error = acceptErrors.shift();
      if (error) throw error;
      return batch.map((submission) => acceptOne(submission, publish));
    },
    async openBatch(batchId) {
      const createdMs = openBatches.get(batchId) ?? Date.now();
      openBatches.set(batchId, createdMs);
      return createdMs;
    },
    outboxAgeSeconds: async () => 0,
    async find(id) {
      const found = rows.get(id);
      return found && { ...found.row, events: [...found.events] };
    },
    async versions(ids) {
      const known = ids.flatMap((id) => (rows.has(id) ? [[id, rows.get(id)!.row.version] as const] : []));
      return new Map(known);
    },
    async list({ state, type, after, limit }) {
      return [...rows.values()]
        .map(({ row }) => row)
        .filter((row) => (!state || row.state === state) && (!type || row.type === type))
        .filter((row) => !after || row.id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit);
    },
    ping: async () => {},
    async apply(changes, { publish = true } = {}) {
      const stale = changes.filter((change) => !apply(change, publish));
      return stale.map(({ id }) => ({ id, reason: rows.has(id) ? 'stale' : 'unknown' }));
    },
    async applyChain(changes, { publish = true } = {}) {
      for (const change of changes)
        if (!apply(change, publish)) throw new Error(`Transaction ${change.id}: ${change.event} is stale.`);
    },
    query: async <Row>(_sql: string, values: readonly unknown[]) =>
      (values[0] as string[]).flatMap((id) => accounts.get(id) ?? []) as Row[],
    move(id, event, data = {}) {
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
      apply({ id, event, stage: 'persist', attempt: 1, data: JSON.stringify(data), traceparent }, true);
    },
  };
  return store;
}

function newRow(submission: Submission, publish: boolean): FakeRow {
  const { id, type, order, key, deadline = null, data, traceparent } = submission;
  const now = new Date();
  const state: State = 'accepted';
  const row: FakeRow['row'] = {
    id,
    type,
    order,
    key,
    deadline,
    state,
    version: 1,
    attempts: 0,
    nextAttemptAt: null,
    acceptedAt: now,
    updatedAt: now,
  };
  const stage = publish ? 'api' : 'sync';
  const change: Change = { id, event: 'new', stage, attempt: 1, data, traceparent };
  return { row, submission, events: [eventOf(change, 1, state)] };
}

function eventOf(change: Change, version: number, state: State): StoredEvent {
  const { event, stage, attempt, traceparent } = change;
  const data: unknown = JSON.parse(change.data);
  return { version, event, state, stage, attempt, data, traceparent, at: new Date() };
}
