import type {
  AcceptOutcome,
  Account,
  Chain,
  ChainOptions,
  Change,
  ListFilter,
  StoredEvent,
  Submission,
  TransactionRow,
  TransactionView,
} from '../store/port.ts';
import type { State } from '../domain/state-machine.ts';
import { next } from '../domain/state-machine.ts';
import type { ApiStore } from './app.ts';

export interface FakeRow {
  readonly row: { -readonly [Name in keyof TransactionRow]: TransactionRow[Name] };
  readonly events: StoredEvent[];
  readonly submission: Submission;
}

const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;

/** In-memory store for tests: the same contract as the real one, the same state machine, faults on request. */
export class FakeStore implements ApiStore {
  readonly rows = new Map<string, FakeRow>();
  /** Sizes of the batches it was given. */
  readonly batches: number[] = [];
  /** Ids in the outbox. */
  readonly outbox: string[] = [];
  /** The next calls of `accept` reject with these, in turn. */
  readonly acceptErrors: Error[] = [];
  /** Called before each `accept` does its work. */
  beforeAccept: () => Promise<void> = async () => {};
  private readonly keys = new Map<string, { id: string; requestHash: string }>();
  private readonly openBatches = new Map<string, number>();
  private readonly accounts = new Map(['ACC-000001', 'ACC-000002'].map((id) => [id, account(id)]));

  async accept(batch: readonly Submission[], { publish = true } = {}): Promise<AcceptOutcome[]> {
    this.batches.push(batch.length);
    await this.beforeAccept();
    const error = this.acceptErrors.shift();
    if (error) throw error;
    return batch.map((submission) => this.acceptOne(submission, publish));
  }

  async openBatch(batchId: string): Promise<number> {
    const createdMs = this.openBatches.get(batchId) ?? Date.now();
    this.openBatches.set(batchId, createdMs);
    return createdMs;
  }

  async outboxAgeSeconds(): Promise<number> {
    return 0;
  }

  async find(id: string): Promise<TransactionView | undefined> {
    const found = this.rows.get(id);
    return found && { ...found.row, events: [...found.events] };
  }

  async versions(ids: readonly string[]): Promise<Map<string, number>> {
    const known = ids.filter((id) => this.rows.has(id));
    return new Map(known.map((id) => [id, this.rows.get(id)!.row.version]));
  }

  async list({ state, type, after, limit }: ListFilter): Promise<TransactionRow[]> {
    return [...this.rows.values()]
      .map(({ row }) => row)
      .filter((row) => (!state || row.state === state) && (!type || row.type === type))
      .filter((row) => !after || row.id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async applyChain({ id, from, changes }: Chain, { publish }: ChainOptions): Promise<void> {
    if (this.rows.get(id)?.row.state !== from) throw new Error(`Transaction ${id} is not in state ${from}.`);
    for (const [index, change] of changes.entries()) {
      const last = index === changes.length - 1;
      if (!this.applyOne({ ...change, id }, publish === 'last' && last))
        throw new Error(`Transaction ${id}: ${change.event} is stale.`);
    }
  }

  /** Answers every query with the accounts of these ids. */
  readonly query = async <Row>(_sql: string, values: readonly unknown[]): Promise<Row[]> =>
    (values[0] as string[]).flatMap((id) => this.accounts.get(id) ?? []) as Row[];

  /** Appends one event, as a stage would. */
  move(id: string, event: Change['event'], data: object = {}): void {
    const change = { id, event, stage: 'persist', attempt: 1, traceparent: TRACEPARENT } as const;
    this.applyOne({ ...change, data: JSON.stringify(data) }, true);
  }

  private acceptOne(submission: Submission, publish: boolean): AcceptOutcome {
    const { id, idempotency } = submission;
    const taken = idempotency && this.keys.get(idempotency.key);
    if (taken)
      return { kind: taken.requestHash === idempotency.requestHash ? 'replayed' : 'conflict', id: taken.id };
    const known = this.rows.get(id);
    if (known) return { kind: known.submission.data === submission.data ? 'replayed' : 'conflict', id };
    if (idempotency) this.keys.set(idempotency.key, { id, requestHash: idempotency.requestHash });
    this.rows.set(id, newRow(submission, publish));
    if (publish) this.outbox.push(id);
    return { kind: 'accepted', id };
  }

  private applyOne(change: Change, publish: boolean): boolean {
    const found = this.rows.get(change.id);
    const to = found && next(found.row.order, found.row.state, change.event);
    if (!found || !to) return false;
    found.row.state = to;
    found.row.version++;
    found.row.updatedAt = new Date();
    found.events.push(eventOf(change, found.row.version, to));
    if (publish) this.outbox.push(change.id);
    return true;
  }
}

function account(id: string): Account {
  return { id, status: 'active', currency: 'EUR', limit: 1_000_000 };
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
