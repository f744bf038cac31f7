import type pg from 'pg';
import type { AcceptOutcome, Submission } from '../port.ts';
import { isIn } from './hashed.ts';
import { inTransaction } from './pool.ts';

/** Parts of the statement that a batch may do without; each costs its share, which tells on small batches. */
interface Parts {
  readonly claim: boolean;
  readonly lane: boolean;
  readonly publish: boolean;
}

/**
 * Transaction row, event row and outbox row of every submission, in one statement and so in one commit.
 * Rows whose idempotency key or id is taken are left out of all of them.
 */
function acceptSql({ claim, lane, publish }: Parts): string {
  return `
with input as (
  select * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::smallint[], $7::timestamptz[],
    $8::text[], $9::text[], $10::text[], $11::text[]
  ) with ordinality as u(id, type, ordering, key, keyed, shard, deadline, data, traceparent,
                         idempotency_key, request_hash, n)
)${claim ? CLAIM_CTES : ', fresh as (select * from input)'}, accepted as (
  insert into transaction (id, type, "order", key, keyed, shard, state, version, deadline)
  select id, type, ordering, key, keyed, shard, 'accepted', 1, deadline from fresh order by n
  on conflict (id) do nothing
  returning id
), logged as (
  insert into event (transaction_id, version, event, state, stage, attempt, data, traceparent)
  select id, 1, 'new', 'accepted', '${publish ? 'api' : 'sync'}', 1, data::json, traceparent from fresh order by n
  on conflict (transaction_id, version) do nothing
)${lane ? LANE_CTE : ''}${publish ? OUTBOX_CTE : ''}
select id from accepted`;
}

const CLAIM_CTES = `, claimed as (
  insert into idempotency (key, request_hash, transaction_id)
  -- Sorted, so that batches that share keys wait for each other in one order and cannot deadlock.
  select idempotency_key, request_hash, id from input where idempotency_key is not null order by 1
  on conflict (key) do nothing
  returning transaction_id
), fresh as (
  select * from input where idempotency_key is null or id in (select transaction_id from claimed)
)`;

const LANE_CTE = `, laned as (
  insert into key_lane (key, transaction_id)
  select key, id from fresh where ${isIn('accepted')} and keyed order by n
)`;

const OUTBOX_CTE = `, queued as (
  insert into outbox (shard, key, transaction_id, version)
  select shard, key, id, 1 from fresh where ${isIn('accepted')} order by n
)`;

const statements = new Map<string, { readonly name: string; readonly text: string }>();

/** One prepared statement for each combination of parts. */
function statementFor(parts: Parts): { readonly name: string; readonly text: string } {
  const name = ['accept', ...Object.entries(parts).flatMap(([part, needed]) => (needed ? [part] : []))].join(
    '-',
  );
  const known = statements.get(name) ?? { name, text: acceptSql(parts) };
  statements.set(name, known);
  return known;
}

/** What holds the idempotency keys that were taken. */
const TAKEN_KEYS_SQL = `
select i.key, i.transaction_id as id, i.request_hash as hash
from unnest($1::text[]) as u(key) join idempotency i using (key)`;

const TAKEN_IDS_SQL = `
select u.n::int as n, e.transaction_id as id, e.data::text = u.data as same
from unnest($1::uuid[], $2::text[]) with ordinality as u(id, data, n)
join event e on e.transaction_id = u.id and e.version = 1`;

/**
 * Keyed submissions take locks by key first: their order in key_lane is then the order of their commits, and
 * no later one is visible before an earlier one. Sorted, so that two batches cannot deadlock.
 */
const LOCK_KEYS_SQL = `
select pg_advisory_xact_lock(7401, bucket)
from (select distinct bucket from unnest($1::int[]) as u(bucket) order by bucket) as b`;

const LOCK_BUCKETS = 64;

function bucketOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (hash >>> 0) % LOCK_BUCKETS;
}

/** Accepts a batch in one commit. */
export async function accept(
  pool: pg.Pool,
  batch: readonly Submission[],
  publish: boolean,
): Promise<AcceptOutcome[]> {
  const unique = firstOfEach(batch);
  const keyed = unique.filter((s) => s.keyed);
  const claim = unique.some((s) => s.idempotency);
  const statement = {
    ...statementFor({ claim, lane: keyed.length > 0, publish }),
    values: columns(unique),
  };
  const { rows } =
    keyed.length === 0
      ? await pool.query<{ id: string }>(statement)
      : await inTransaction(pool, async (client) => {
          await client.query({
            name: 'lock-keys',
            text: LOCK_KEYS_SQL,
            values: [keyed.map((s) => bucketOf(s.key))],
          });
          return client.query<{ id: string }>(statement);
        });
  const ids = new Set(rows.map((row) => row.id));
  const accepted = new Set(unique.filter((s) => ids.has(s.id)));
  const taken = await findTaken(
    pool,
    batch.filter((s) => !accepted.has(s)),
  );
  return batch.map((s) => (accepted.has(s) ? { kind: 'accepted', id: s.id } : taken(s)));
}

/** Of submissions with the same idempotency key or id only the first; the others are replays or conflicts. */
function firstOfEach(batch: readonly Submission[]): Submission[] {
  const keys = new Set<string>();
  const ids = new Set<string>();
  return batch.filter(({ id, idempotency }) => {
    if (ids.has(id) || (idempotency && keys.has(idempotency.key))) return false;
    ids.add(id);
    if (idempotency) keys.add(idempotency.key);
    return true;
  });
}

function columns(batch: readonly Submission[]): unknown[] {
  return [
    batch.map((s) => s.id),
    batch.map((s) => s.type),
    batch.map((s) => s.order),
    batch.map((s) => s.key),
    batch.map((s) => s.keyed),
    batch.map((s) => s.shard),
    batch.map((s) => s.deadline?.toISOString() ?? null),
    batch.map((s) => s.data),
    batch.map((s) => s.traceparent),
    batch.map((s) => s.idempotency?.key ?? null),
    batch.map((s) => s.idempotency?.requestHash ?? null),
  ];
}

interface TakenKey {
  readonly key: string;
  readonly id: string;
  readonly hash: string;
}
interface TakenId {
  /** Which of those asked for, from 1. */
  readonly n: number;
  readonly id: string;
  readonly same: boolean;
}

async function findTaken(
  pool: pg.Pool,
  left: readonly Submission[],
): Promise<(submission: Submission) => AcceptOutcome> {
  const byKey = left.flatMap((s) => (s.idempotency ? [s.idempotency] : []));
  const byId = left.filter((s) => !s.idempotency);
  const keys = new Map<string, TakenKey>();
  const ids = new Map<Submission, TakenId>();
  if (byKey.length > 0) {
    const values = [[...new Set(byKey.map((i) => i.key))]];
    const { rows } = await pool.query<TakenKey>({ name: 'taken-keys', text: TAKEN_KEYS_SQL, values });
    for (const row of rows) keys.set(row.key, row);
  }
  if (byId.length > 0) {
    const values = [byId.map((s) => s.id), byId.map((s) => s.data)];
    const { rows } = await pool.query<TakenId>({ name: 'taken-ids', text: TAKEN_IDS_SQL, values });
    for (const row of rows) ids.set(byId[row.n - 1]!, row);
  }
  return (submission) => {
    const { id, idempotency } = submission;
    const key = idempotency && keys.get(idempotency.key);
    const found = key ? { id: key.id, same: key.hash === idempotency.requestHash } : ids.get(submission);
    if (!found) throw new Error(`Submission ${id} was neither stored nor found.`);
    return { kind: found.same ? 'replayed' : 'conflict', id: found.id };
  };
}
