import type pg from 'pg';
import type { EventName, Order, State } from '../../domain/state-machine.ts';

/** What the settlement audit reads of a transaction's row. */
export interface AuditRow {
  readonly id: string;
  readonly type: string;
  readonly order: Order;
  readonly keyed: boolean;
  readonly state: State;
  readonly outcome: string | null;
  readonly version: number;
  readonly attempts: number;
  /** A retry is scheduled. */
  readonly scheduled: boolean;
}

export interface AuditEvent {
  readonly id: string;
  readonly version: number;
  readonly event: EventName;
  readonly state: State;
  readonly stage: string;
  readonly attempt: number;
  /** The payload of `new`, the result of `done`, otherwise null. */
  readonly detail: unknown;
}

export interface PaymentRow {
  readonly id: string;
  readonly debtor: string;
  readonly creditor: string;
  /** Minor units, decimal: 64 bits. */
  readonly amount: string;
  readonly currency: string;
  readonly reference: string;
}

export interface OpenLetter {
  readonly id: string;
  readonly letterId: string;
  readonly cause: string;
  readonly stage: string;
}

/** What the remote system says of one idempotency key. */
export interface Effect {
  readonly id: string;
  readonly effects: number;
  readonly reversals: number;
  /** Position in the ledger. */
  readonly seq: number;
}

export interface KeyedEffect {
  readonly id: string;
  readonly key: string;
  /** Microseconds since 1970, decimal. */
  readonly acceptedAt: string;
  readonly seq: number;
}

export interface LetterCount {
  readonly cause: string;
  readonly open: number;
  readonly redriven: number;
}

/** Rows in order, a batch at a time; an empty batch is the end. */
export interface Cursor<Row> {
  next(): Promise<Row[]>;
}

/** Everything in one snapshot of the database, whatever is written meanwhile. */
export interface AuditSnapshot {
  readonly at: Date;
  /** Each in order of transaction id. */
  transactions(): Promise<Cursor<AuditRow>>;
  events(): Promise<Cursor<AuditEvent>>;
  payments(): Promise<Cursor<PaymentRow>>;
  lanes(): Promise<Cursor<{ readonly id: string }>>;
  openLetters(): Promise<Cursor<OpenLetter>>;
  effects(): Promise<Cursor<Effect>>;
  /** Adds a batch of the remote ledger, so that `effects` and `keyedEffects` find it. */
  addEffects(batch: readonly Effect[]): Promise<void>;
  /** Effects of keyed transactions of the pipeline, by key, then in the order in which they were accepted. */
  keyedEffects(): Promise<Cursor<KeyedEffect>>;
  /** Rows the relay should long have published, and rows that point nowhere, oldest first. */
  outbox(): Promise<Cursor<OutboxEntry>>;
  idempotencyKeys(): Promise<Cursor<IdempotencyEntry>>;
  letterCounts(): Promise<LetterCount[]>;
  close(): void;
}

export interface OutboxEntry {
  readonly outboxId: string;
  readonly transactionId: string | null;
  readonly letterId: string | null;
  readonly ageSeconds: number;
  /** What the row points to exists. */
  readonly found: boolean;
}

export interface IdempotencyEntry {
  /** Of the transaction that the key names. */
  readonly id: string;
  readonly key: string;
  /** That transaction exists. */
  readonly found: boolean;
}

const BATCH = 5_000;

const TRANSACTIONS_SQL = `
select id, type, "order", keyed, state, outcome, version, attempts, next_attempt_at is not null as scheduled
from transaction order by id`;

const EVENTS_SQL = `
select transaction_id as id, version, event, state, stage, attempt,
       case event when 'new' then data->'payload' when 'done' then data->'result' end as detail
from event order by transaction_id, version`;

const PAYMENTS_SQL = `
select transaction_id as id, debtor, creditor, amount::text, currency::text, reference
from payment order by transaction_id`;

const OPEN_LETTERS_SQL = `
select transaction_id as id, id::text as "letterId", cause, stage from dead_letter
where transaction_id is not null and redriven_at is null order by transaction_id, dead_letter.id`;

/** bigint::float8 is exact for as many effects as any ledger will hold. */
const EFFECTS_SQL = 'select id, effects, reversals, seq::float8 as seq from audit_effect order by id';

const KEYED_EFFECTS_SQL = `
select t.id, t.key, (extract(epoch from t.accepted_at) * 1000000)::bigint::text as "acceptedAt",
       l.seq::float8 as seq
from transaction t
join audit_effect l using (id)
join event e on e.transaction_id = t.id and e.version = 1 and e.stage <> 'sync'
where t.keyed and l.effects > 0
order by t.key collate "C", t.accepted_at, t.id`;

const OUTBOX_SQL = `
select o.id::text as "outboxId", o.transaction_id as "transactionId", o.dead_letter_id::text as "letterId",
       extract(epoch from $1::timestamptz - o.created_at)::float8 as "ageSeconds",
       e.transaction_id is not null or d.id is not null as found
from outbox o
left join event e on e.transaction_id = o.transaction_id and e.version = o.version
left join dead_letter d on d.id = o.dead_letter_id
order by o.id`;

const IDEMPOTENCY_SQL = `
select i.transaction_id as id, i.key, t.id is not null as found
from idempotency i left join transaction t on t.id = i.transaction_id`;

const LETTER_COUNTS_SQL = `
select cause, (count(*) filter (where redriven_at is null))::int as open,
       (count(*) filter (where redriven_at is not null))::int as redriven
from dead_letter group by cause order by count(*) desc, cause`;

/** One row per key of the ledger; a key with several entries has the sum of their effects. */
const ADD_EFFECTS_SQL = `
insert into audit_effect (id, effects, reversals, seq)
select id, sum(effects), sum(reversals), min(seq)
from unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[]) as u(id, effects, reversals, seq) group by id
on conflict (id) do update set effects = audit_effect.effects + excluded.effects,
  reversals = audit_effect.reversals + excluded.reversals, seq = least(audit_effect.seq, excluded.seq)`;

/** The whole table may have to be read and sorted: no time-out fits that. */
const SETTINGS_SQL = `
set statement_timeout = 0; set idle_in_transaction_session_timeout = 0;
set work_mem = '64MB'; set cursor_tuple_fraction = 1;
create temp table audit_effect (id uuid primary key, effects int not null, reversals int not null,
  seq bigint not null)`;

/**
 * Opens a snapshot (repeatable read) on a connection of its own, which `close` ends. It holds back vacuum for as
 * long as it is open, and needs the right to create temporary tables.
 */
export async function openAudit(pool: pg.Pool): Promise<AuditSnapshot> {
  const client = await pool.connect();
  try {
    await client.query(SETTINGS_SQL);
    await client.query('begin isolation level repeatable read, read only');
    const { rows } = await client.query<{ at: Date }>('select clock_timestamp() as at');
    return snapshot(client, rows[0]!.at);
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function snapshot(client: pg.PoolClient, at: Date): AuditSnapshot {
  let cursors = 0;
  async function open<Row extends object>(sql: string, values: unknown[] = []): Promise<Cursor<Row>> {
    const name = `audit_${++cursors}`;
    await client.query(`declare ${name} no scroll cursor for ${sql}`, values);
    return {
      next: async () => (await client.query<Row>(`fetch ${BATCH} from ${name}`)).rows,
    };
  }
  return {
    at,
    transactions: () => open(TRANSACTIONS_SQL),
    events: () => open(EVENTS_SQL),
    payments: () => open(PAYMENTS_SQL),
    lanes: () => open('select transaction_id as id from key_lane order by transaction_id'),
    openLetters: () => open(OPEN_LETTERS_SQL),
    effects: () => open(EFFECTS_SQL),
    keyedEffects: () => open(KEYED_EFFECTS_SQL),
    outbox: () => open(OUTBOX_SQL, [at]),
    idempotencyKeys: () => open(IDEMPOTENCY_SQL),
    letterCounts: async () => (await client.query<LetterCount>(LETTER_COUNTS_SQL)).rows,
    addEffects: async (batch) => {
      const columns = [
        batch.map((effect) => effect.id),
        batch.map((effect) => effect.effects),
        batch.map((effect) => effect.reversals),
        batch.map((effect) => effect.seq),
      ];
      await client.query({ name: 'add-effects', text: ADD_EFFECTS_SQL, values: columns });
    },
    close: () => client.release(true),
  };
}

/** Transactions that are not at their end, and rows the relay has still to publish, as of now. */
export async function unsettled(pool: pg.Pool): Promise<{ open: number; outbox: number }> {
  const { rows } = await pool.query<{ open: number; outbox: number }>(
    `select (select count(*) from transaction where outcome is null)::int as open,
            (select count(*) from outbox)::int as outbox`,
  );
  return rows[0]!;
}

/** Which of these transactions are there now, the snapshot aside. */
export async function existing(pool: pg.Pool, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>(
    'select t.id from unnest($1::uuid[]) as u(id) join transaction t using (id)',
    [ids],
  );
  return new Set(rows.map((row) => row.id));
}
