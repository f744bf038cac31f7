import type pg from 'pg';
import type { ListFilter, StoredEvent, TransactionRow, TransactionView } from '../port.ts';
import { isTerminal } from '../../domain/state-machine.ts';

const ROW = `t.id, t.type, t."order", t.key, t.state, t.version, t.attempts, t.deadline,
  t.next_attempt_at as "nextAttemptAt", t.accepted_at as "acceptedAt", t.updated_at as "updatedAt"`;

const FIND_SQL = `
select ${ROW}, e.events from transaction t
cross join lateral (
  select json_agg(json_build_object('version', version, 'event', event, 'state', state, 'stage', stage,
    'attempt', attempt, 'data', data, 'traceparent', traceparent, 'at', at) order by version) as events
  from event where transaction_id = t.id
) e where t.id = $1`;

type RawEvent = Omit<StoredEvent, 'at'> & { readonly at: string };

/** A transaction with all its events, in one statement. */
export async function find(pool: pg.Pool, id: string): Promise<TransactionView | undefined> {
  const { rows } = await pool.query<TransactionRow & { events: RawEvent[] }>({
    name: 'find',
    text: FIND_SQL,
    values: [id],
  });
  const row = rows[0];
  if (!row) return undefined;
  return { ...row, events: row.events.map((event) => ({ ...event, at: new Date(event.at) })) };
}

const VERSIONS_SQL = 'select t.id, t.version from unnest($1::uuid[]) as u(id) join transaction t using (id)';

export async function versions(pool: pg.Pool, ids: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ id: string; version: number }>({
    name: 'versions',
    text: VERSIONS_SQL,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, row.version]));
}

/**
 * One page in order of id, which is order of acceptance. Unfinished and unsuccessful states are found by their
 * partial indexes, `done` by walking the ids.
 */
export async function list(pool: pg.Pool, filter: ListFilter): Promise<TransactionRow[]> {
  const conditions = ['($1::uuid is null or t.id > $1)', '($2::text is null or t.type = $2)'];
  const values: unknown[] = [filter.after ?? null, filter.type ?? null, filter.limit];
  if (filter.state !== undefined) {
    values.push(filter.state);
    conditions.push(isTerminal(filter.state) ? 't.outcome = $4' : 't.outcome is null and t.state = $4');
  }
  const { rows } = await pool.query<TransactionRow>(
    `select ${ROW} from transaction t where ${conditions.join(' and ')} order by t.id limit $3`,
    values,
  );
  return rows;
}

/** Age in seconds of the oldest row the relay has still to publish, by the database's clock. */
export async function outboxAgeSeconds(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ age: number | null }>(
    `select extract(epoch from clock_timestamp() - created_at)::float8 as age from outbox order by id limit 1`,
  );
  return Math.max(0, rows[0]?.age ?? 0);
}

/** Registers a bulk batch, or finds it. Returns its creation time in Unix ms. */
export async function openBatch(pool: pg.Pool, batchId: string): Promise<number> {
  const text = `
    with added as (insert into bulk_batch (id) values ($1) on conflict (id) do nothing returning created_at)
    select floor(extract(epoch from created_at) * 1000)::float8 as ms from (
      select created_at from added union all select created_at from bulk_batch where id = $1
    ) as b limit 1`;
  for (;;) {
    const { rows } = await pool.query<{ ms: number }>(text, [batchId]);
    // Empty only when another connection has just committed the same id: the next snapshot sees it.
    if (rows[0]) return rows[0].ms;
  }
}
