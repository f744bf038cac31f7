import type pg from 'pg';
import { firstIdAt } from '../../domain/ids.ts';
import { ORDERS, STATES, resumeEvent } from '../../domain/state-machine.ts';
import type { Overdue, SweepHorizon } from '../port.ts';

/** Which event gets a transaction going again, as a relation. */
const RESUME = ORDERS.flatMap((order) =>
  STATES.flatMap((state) => {
    const event = resumeEvent(order, state);
    return event ? [`('${order}', '${state}', '${event}')`] : [];
  }),
).join(', ');

/** Queues the event that `RESUME` names for every row of the CTE `due`. */
const REQUEUE = `
queued as (
  insert into outbox (shard, key, transaction_id, version)
  select d.shard, d.key, d.id, e.version from due_now d
  join (values ${RESUME}) as r("order", state, event) on r."order" = d."order" and r.state = d.state
  join lateral (
    select version from event where transaction_id = d.id and event = r.event order by version desc limit 1
  ) e on true
  order by d.id
  returning 1
)
select count(*)::int as count from queued`;

const RETRIES_SQL = `
with due as (
  select id from transaction where next_attempt_at <= clock_timestamp()
  order by next_attempt_at limit $1 for no key update skip locked
), due_now as (
  update transaction t set next_attempt_at = null, updated_at = clock_timestamp()
  from due where t.id = due.id
  returning t.id, t."order", t.state, t.shard, t.key
), ${REQUEUE}`;

const SWEEP_SQL = `
with horizon as (
  select * from unnest($1::text[], $2::text[], $3::timestamptz[]) as u("order", state, before)
), due as (
  select t.id from transaction t join horizon h on h."order" = t."order" and h.state = t.state
  where t.outcome is null and t.id < $4 and t.next_attempt_at is null
    and t.updated_at < h.before
    and t.updated_at < clock_timestamp() - make_interval(secs => $5 * power(2, least(t.sweeps, 10)))
    and not exists (select from dead_letter d where d.transaction_id = t.id and d.redriven_at is null)
    and not (t.keyed and exists (
      select from key_lane mine join key_lane earlier on earlier.key = mine.key and earlier.seq < mine.seq
      where mine.transaction_id = t.id))
  order by t.id limit $6 for no key update of t skip locked
), due_now as (
  update transaction t set sweeps = least(t.sweeps + 1, 100), updated_at = clock_timestamp()
  from due where t.id = due.id
  returning t.id, t."order", t.state, t.shard, t.key
), ${REQUEUE}`;

const count = (rows: readonly { count: number }[]): number => rows[0]?.count ?? 0;

export async function emitDueRetries(pool: pg.Pool, limit: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    name: 'retries',
    text: RETRIES_SQL,
    values: [limit],
  });
  return count(rows);
}

export async function sweep(
  pool: pg.Pool,
  horizons: readonly SweepHorizon[],
  options: { afterSeconds: number; limit: number },
): Promise<number> {
  if (horizons.length === 0) return 0;
  const latest = Math.max(...horizons.map((h) => h.before.getTime()));
  const { rows } = await pool.query<{ count: number }>({
    name: 'sweep',
    text: SWEEP_SQL,
    values: [
      horizons.map((h) => h.order),
      horizons.map((h) => h.state),
      horizons.map((h) => h.before.toISOString()),
      firstIdAt(latest),
      options.afterSeconds,
      options.limit,
    ],
  });
  return count(rows);
}

/**
 * Past their deadline with no remote call under way: still waiting for validation, or between two attempts.
 * In fan-out a call may be under way at any time; ending those means compensating, which is always safe.
 */
const OVERDUE_SQL = `
select t.id, t.type, t."order", t.key, t.state, t.version, t.attempts, t.ambiguous, t.deadline,
       t.next_attempt_at as "nextAttemptAt", t.accepted_at as "acceptedAt", t.updated_at as "updatedAt",
       e.data->'payload' as payload
from transaction t join event e on e.transaction_id = t.id and e.version = 1
where t.deadline < clock_timestamp() and t.deadline is not null and t.outcome is null and (
  t."order" = 'chained' and (t.state = 'accepted' or t.state = 'validated' and t.next_attempt_at is not null)
  or t."order" = 'fanOut' and t.state in ('accepted', 'validated', 'responded'))
order by t.deadline limit $1`;

export async function overdue(pool: pg.Pool, limit: number): Promise<Overdue[]> {
  const { rows } = await pool.query<Overdue>({ name: 'overdue', text: OVERDUE_SQL, values: [limit] });
  return rows;
}

export async function outboxState(pool: pg.Pool): Promise<{ now: Date; oldest: Date | undefined }> {
  const { rows } = await pool.query<{ now: Date; oldest: Date | null }>(
    'select clock_timestamp() as now, (select created_at from outbox order by id limit 1) as oldest',
  );
  return { now: rows[0]!.now, oldest: rows[0]!.oldest ?? undefined };
}

export async function purge(pool: pg.Pool, olderThanHours: number): Promise<number> {
  const text = `with i as (delete from idempotency where created_at < now() - make_interval(hours => $1) returning 1),
    b as (delete from bulk_batch where created_at < now() - make_interval(hours => $1) returning 1)
    select ((select count(*) from i) + (select count(*) from b))::int as count`;
  const { rows } = await pool.query<{ count: number }>(text, [olderThanHours]);
  return count(rows);
}
