import type pg from 'pg';
import type { Order, State } from '../../domain/state-machine.ts';
import { inTransaction } from './pool.ts';

/** Transactions of one order and state that are not at their end, by what they wait for. */
export interface Backlog {
  readonly order: Order;
  readonly state: State;
  /** Nothing but the stage is in their way. */
  readonly free: number;
  /** Seconds since the one of them moved last that has waited longest. */
  readonly freeOldestSeconds: number | null;
  /** Another transaction with the same key is before them. */
  readonly inLane: number;
  readonly inLaneOldestSeconds: number | null;
  /** A retry is scheduled. */
  readonly retrying: number;
  /** They have a dead letter that was not redriven. */
  readonly buried: number;
}

export interface Queues {
  readonly outbox: number;
  readonly outboxOldestSeconds: number | null;
  readonly retries: number;
  /** Seconds until the next attempt is due; negative when it is overdue. */
  readonly nextRetrySeconds: number | null;
  readonly openLetters: number;
}

const BACKLOG_SQL = `
with waiting as (
  select t."order", t.state, extract(epoch from clock_timestamp() - t.updated_at)::float8 as age,
    case
      when exists (select from dead_letter d where d.transaction_id = t.id and d.redriven_at is null) then 'buried'
      when t.next_attempt_at is not null then 'retrying'
      when t.keyed and exists (
        select from key_lane mine join key_lane earlier on earlier.key = mine.key and earlier.seq < mine.seq
        where mine.transaction_id = t.id) then 'lane'
      else 'free'
    end as why
  from transaction t where t.outcome is null
)
select "order", state,
  (count(*) filter (where why = 'free'))::int as free,
  max(age) filter (where why = 'free') as "freeOldestSeconds",
  (count(*) filter (where why = 'lane'))::int as "inLane",
  max(age) filter (where why = 'lane') as "inLaneOldestSeconds",
  (count(*) filter (where why = 'retrying'))::int as retrying,
  (count(*) filter (where why = 'buried'))::int as buried
from waiting group by "order", state`;

const QUEUES_SQL = `
select
  (select count(*) from outbox)::int as outbox,
  (select extract(epoch from clock_timestamp() - created_at)::float8 from outbox order by id limit 1)
    as "outboxOldestSeconds",
  (select count(*) from transaction where next_attempt_at is not null)::int as retries,
  (select extract(epoch from min(next_attempt_at) - clock_timestamp())::float8 from transaction
   where next_attempt_at is not null) as "nextRetrySeconds",
  (select count(*) from dead_letter where redriven_at is null)::int as "openLetters"`;

/** What waits in the database. Reads every transaction that is not at its end, some 200,000 a second. */
export function backlog(pool: pg.Pool): Promise<{ backlogs: Backlog[]; queues: Queues }> {
  return inTransaction(pool, async (client) => {
    await client.query(`set local statement_timeout = '120s'`);
    const backlogs = await client.query<Backlog>(BACKLOG_SQL);
    const queues = await client.query<Queues>(QUEUES_SQL);
    return { backlogs: backlogs.rows, queues: queues.rows[0]! };
  });
}
