import type pg from 'pg';
import { TRANSITIONS, isPublished, isTerminal, keepsRetry } from '../../domain/state-machine.ts';
import type { ApplyOptions, Change, Unmoved } from '../port.ts';
import { isIn } from './hashed.ts';
import type { Released } from './lane.ts';
import { leavesLane, wake } from './lane.ts';

/** The state machine as a relation, so that SQL needs no second copy of it. */
const MACHINE = TRANSITIONS.map((t) => {
  const outcome = isTerminal(t.to) ? `'${t.to}'` : 'null';
  return `('${t.order}', '${t.from}', '${t.event}', '${t.to}', ${outcome}, ${isPublished(t.event)}, ${leavesLane(t.to)}, ${keepsRetry(t.event)})`;
}).join(',\n    ');

/**
 * The one statement by which anything changes state: compare and set by the state machine, append the event,
 * queue it for the relay, all or nothing. A duplicate finds no edge from the present state, changes no row and
 * emits nothing. Rows are locked in order of id, so that two stages cannot deadlock.
 *
 * A keyed transaction that has passed the remote leaves its lane, and `wake` gets the next in line going. With
 * `settleSql` a transaction whose response is not there does not move.
 */
function applySql(settleSql: string | undefined): string {
  return `
with machine ("order", from_state, event, to_state, outcome, publish, leaves_lane, keeps_retry) as (values
    ${MACHINE}
), change as (
  select distinct on (id) * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::float8[], $8::bool[], $9::text[]
  ) with ordinality as u(id, event, stage, attempt, data, traceparent, delay_ms, ambiguous, only_from, n)
  order by id, n
), locked as (
  select c.*, t.state, t."order" from change c join transaction t using (id) order by id for no key update of t
), moved as (
  update transaction t set
    state = m.to_state,
    outcome = m.outcome,
    version = t.version + 1,
    attempts = case when l.stage = 'remote' then greatest(t.attempts, l.attempt) else t.attempts end,
    ambiguous = t.ambiguous or l.ambiguous,
    next_attempt_at = case when m.keeps_retry then t.next_attempt_at
      else clock_timestamp() + make_interval(secs => l.delay_ms / 1000) end,
    sweeps = 0,
    updated_at = clock_timestamp()
  from locked l
  join machine m on m."order" = l."order" and m.from_state = l.state and m.event = l.event
    and (l.only_from is null or position('|' || l.state || '|' in l.only_from) > 0)
  -- No condition on t.state: "locked" has the newest state, the snapshot of this statement may be older.
  where t.id = l.id${settleSql ? RESPONDED : ''}
  returning t.id, t.version, t.state, t.shard, t.key, t.keyed, m.publish, m.leaves_lane,
            l.event, l.stage, l.attempt, l.data, l.traceparent, l.n
), logged as (
  insert into event (transaction_id, version, event, state, stage, attempt, data, traceparent)
  select id, version, event, state, stage, attempt, data::json, traceparent from moved order by n
), released as (
  delete from key_lane
  where transaction_id = any(array(select id from moved where keyed and leaves_lane))
  returning transaction_id, key, seq
), queued as (
  insert into outbox (shard, key, transaction_id, version)
  select shard, key, id, version from moved where publish order by n
)${settleSql ? settleCte(settleSql) : ''}
select id, 'unknown' as kind, null as key, null as seq from change where not (${isIn('locked')})
union all
select id, 'stale', null, null from locked where not (${isIn('moved')})
union all
select transaction_id, 'released', key, seq::text from released`;
}

/**
 * Nothing is done before its response is there to be saved, in this very snapshot. A subplan for each row: made
 * into a join, it might be planned as one over the whole log.
 */
const RESPONDED = `
    and case when exists (
      select from event e where e.transaction_id = l.id and e.event = 'remote-responded'
    ) then true else false end`;

function settleCte(settleSql: string): string {
  return `, settled as (
  select m.id as transaction_id, (e1.data->'payload')::jsonb as payload, (e2.data->'response')::jsonb as response
  from moved m
  join event e1 on e1.transaction_id = m.id and e1.version = 1
  join event e2 on e2.transaction_id = m.id and e2.event = 'remote-responded'
), saved as (${settleSql})`;
}

const DEFAULT_SQL = applySql(undefined);
const settleStatements = new Map<string, { name: string; text: string }>();

/** One prepared statement per business SQL, named once so that every connection can reuse it. */
function statementFor(settleSql: string | undefined): { name: string; text: string } {
  if (settleSql === undefined) return { name: 'apply', text: DEFAULT_SQL };
  const known = settleStatements.get(settleSql);
  if (known) return known;
  const statement = { name: `apply-${settleStatements.size + 1}`, text: applySql(settleSql) };
  settleStatements.set(settleSql, statement);
  return statement;
}

type AppliedRow = { readonly id: string } & (
  | { readonly kind: Unmoved['reason'] }
  | ({ readonly kind: 'released' } & Released)
);

/** Applies changes of distinct transactions; of two for the same transaction the second is left out. */
export async function apply(
  pool: pg.Pool,
  changes: readonly Change[],
  options: ApplyOptions = {},
): Promise<Unmoved[]> {
  const { rows } = await pool.query<AppliedRow>({
    ...statementFor(options.settleSql),
    values: [
      changes.map((c) => c.id),
      changes.map((c) => c.event),
      changes.map((c) => c.stage),
      changes.map((c) => c.attempt),
      changes.map((c) => c.data),
      changes.map((c) => c.traceparent),
      changes.map((c) => c.delayMs ?? null),
      changes.map((c) => c.ambiguous ?? false),
      changes.map((c) => (c.from ? `|${c.from.join('|')}|` : null)),
    ],
  });
  const unmoved: Unmoved[] = [];
  const released: Released[] = [];
  for (const row of rows) {
    if (row.kind === 'released') released.push(row);
    else unmoved.push({ id: row.id, reason: row.kind });
  }
  await wake(pool, released);
  return unmoved;
}
