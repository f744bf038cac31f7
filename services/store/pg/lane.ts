import type pg from 'pg';
import type { State } from '../../domain/state-machine.ts';
import { isTerminal, resumeEvent } from '../../domain/state-machine.ts';

/** A place in the lane of a key that a transaction has left. */
export interface Released {
  readonly key: string;
  readonly seq: string;
}

/** Whether a keyed transaction that reaches this state lets go of its lane: it has passed the remote, or ended. */
export function leavesLane(to: State): boolean {
  return to === 'processed' || isTerminal(to);
}

/** States in which the remote stage may act on a transaction, with the event that makes it. */
const WAKE = (['chained', 'fanOut'] as const)
  .flatMap((order) =>
    (['accepted', 'validated', 'compensating'] as const).map((state) => [order, state] as const),
  )
  .filter(([order, state]) => !(order === 'chained' && state === 'accepted'))
  .map(([order, state]) => `('${order}', '${state}', '${resumeEvent(order, state)}')`)
  .join(', ');

/**
 * Queues the event of the head of each lane that transactions have left, unless they left from behind it. A
 * statement of its own, after the commit: one that began before it may not see that the next in line has become
 * valid meanwhile, or has left as well. Should it not come to run, the sweeper finds the head.
 */
const WAKE_SQL = `
with released as (
  select key, min(seq) as seq from unnest($1::text[], $2::bigint[]) as u(key, seq) group by key
), head as (
  select k.key, min(k.seq) as seq from key_lane k where k.key = any($1::text[]) group by k.key
), ready as (
  -- Locked in order of id, as by every statement that changes transactions: otherwise two could wait for each other.
  select t.id
  from released r
  join head h on h.key = r.key and h.seq > r.seq
  join key_lane k on k.key = h.key and k.seq = h.seq
  join transaction t on t.id = k.transaction_id
  where t.outcome is null and t.next_attempt_at is null
  order by t.id for no key update of t
), woken as (
  -- The sweeper counts from here: the event is on its way once more.
  update transaction t set updated_at = clock_timestamp()
  from ready
  where t.id = ready.id
  returning t.id, t.shard, t.key, t."order", t.state
)
insert into outbox (shard, key, transaction_id, version)
select t.shard, t.key, t.id, e.version
from woken t
join (values ${WAKE}) as w("order", state, event) on w."order" = t."order" and w.state = t.state
join lateral (
  select version from event where transaction_id = t.id and event = w.event order by version desc limit 1
) e on true
order by t.id`;

/** Gets the next in line going in the lanes that were left. */
export async function wake(pool: pg.Pool, released: readonly Released[]): Promise<void> {
  if (released.length === 0) return;
  const values = [released.map(({ key }) => key), released.map(({ seq }) => seq)];
  await pool.query({ name: 'wake', text: WAKE_SQL, values });
}
