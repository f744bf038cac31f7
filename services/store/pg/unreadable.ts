import type pg from 'pg';
import { ORDERS, STATES, resumeEvent } from '../../domain/state-machine.ts';
import type { Unreadable } from '../port.ts';

/**
 * A stage that cannot read a record does not know whose it is; what is left of it mostly tells: its subject, its
 * id, or its key, which is the transaction's own id unless the client has named one. A letter after the latest
 * publication shows that this one could not be read either; one after a redrive, that the redrive did not help.
 * Driven by the letters, of which there are few.
 */
const UNREADABLE_SQL = `
with naming as (
  select d.id, d.at, d.cause, d.message, coalesce(
    substring(d.headers->>'ce_subject' from $4), substring(d.headers->>'ce_id' from $5),
    substring(encode(d.key, 'escape') from $4))::uuid as transaction_id
  from dead_letter d where d.transaction_id is null and d.redriven_at is null
), named as (
  select transaction_id, count(*) as letters, max(at) as last,
         (array_agg(id::text order by id desc))[1:20] as ids,
         (array_agg(cause order by id desc))[1] as cause, (array_agg(message order by id desc))[1] as message
  from naming where transaction_id is not null group by transaction_id
)
select t.id, t.key, e.version, e.event, e.data::text as data, e.traceparent, e.at, t.sweeps,
       n.ids as letters, n.cause, n.message
from named n
join transaction t on t.id = n.transaction_id and t.outcome is null and t.sweeps >= $6
  and n.letters >= $6 and n.last > t.updated_at
join unnest($1::text[], $2::text[], $3::text[]) as r("order", state, event)
  on r."order" = t."order" and r.state = t.state
join lateral (
  select * from event where transaction_id = t.id and event = r.event order by version desc limit 1
) e on true
where not exists (
  select from dead_letter d where d.transaction_id = t.id and (d.redriven_at is null or d.redriven_at > n.last))
order by t.id limit 500`;

const RESUMED = ORDERS.flatMap((order) =>
  STATES.flatMap((state) => {
    const event = resumeEvent(order, state);
    return event ? [{ order, state, event }] : [];
  }),
);
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** See `SweepStore.unreadable`. */
export async function unreadable(pool: pg.Pool, times: number): Promise<Unreadable[]> {
  const { rows } = await pool.query<Unreadable>({
    name: 'unreadable',
    text: UNREADABLE_SQL,
    values: [
      RESUMED.map(({ order }) => order),
      RESUMED.map(({ state }) => state),
      RESUMED.map(({ event }) => event),
      `^${UUID}$`,
      `^(${UUID}):\\d+$`,
      times,
    ],
  });
  return rows;
}
