import type pg from 'pg';
import type { State } from '../../domain/state-machine.ts';
import { isPublished, isTerminal, next } from '../../domain/state-machine.ts';
import type { Chain, ChainOptions } from '../port.ts';
import { leavesLane, wake } from './lane.ts';

/** Parts of the statement that a chain may do without; each costs its share for every row. */
interface Parts {
  readonly lane: boolean;
  readonly publish: boolean;
  readonly settleSql: string | undefined;
}

/**
 * Moves one transaction from the state it is expected in to the last one of the chain, and appends the events on
 * the way: all in one statement, and so in one commit. Nothing happens when it is in another state.
 */
function chainSql({ lane, publish, settleSql }: Parts): string {
  return `
with moved as (
  update transaction set state = $3, outcome = $4, version = version + $5, ambiguous = ambiguous or $6,
    attempts = greatest(attempts, $7), next_attempt_at = null, sweeps = 0, updated_at = clock_timestamp()
  where id = $1 and state = $2
  returning id, version, shard, key
), logged as (
  insert into event (transaction_id, version, event, state, stage, attempt, data, traceparent)
  select m.id, m.version - $5 + c.n, c.event, c.state, c.stage, c.attempt, c.data::json, c.traceparent
  from moved m, unnest($8::text[], $9::text[], $10::text[], $11::int[], $12::text[], $13::text[])
    with ordinality as c(event, state, stage, attempt, data, traceparent, n)
)${lane ? LANE_CTE : ''}${publish ? OUTBOX_CTE : ''}${settleSql === undefined ? '' : settleCte(settleSql)}
select m.key, ${lane ? 'r.seq::text from moved m left join released r on true' : 'null as seq from moved m'}`;
}

const LANE_CTE = `, released as (
  delete from key_lane where transaction_id = (select id from moved) returning seq
)`;

const OUTBOX_CTE = `, queued as (
  insert into outbox (shard, key, transaction_id, version) select shard, key, id, version from moved
)`;

/** The response is in the chain itself; its event is not visible before the statement has ended. */
const settleCte = (settleSql: string): string => `, settled as (
  select m.id as transaction_id, (e.data->'payload')::jsonb as payload,
         (($12::text[])[array_position($8::text[], 'remote-responded')]::json->'response')::jsonb as response
  from moved m join event e on e.transaction_id = m.id and e.version = 1
), saved as (${settleSql})`;

/**
 * Applies a chain.
 * @throws Error when the state machine has no such chain, or the transaction is in another state
 */
export async function applyChain(pool: pg.Pool, chain: Chain, options: ChainOptions): Promise<void> {
  const { id, changes, from } = chain;
  const states = walk(chain);
  const last = changes.at(-1)!;
  const { settleSql, publish } = options;
  if (settleSql !== undefined && !changes.some(({ event }) => event === 'remote-responded'))
    throw new Error(`Transaction ${id}: there is no response to settle.`);
  const parts: Parts = {
    lane: chain.keyed && states.some(leavesLane),
    publish: publish === 'last' && isPublished(last.event),
    settleSql,
  };
  const state = states.at(-1)!;
  const { rows } = await pool.query<{ key: string; seq: string | null }>({
    ...statementFor(parts),
    values: [
      id,
      from,
      state,
      isTerminal(state) ? state : null,
      changes.length,
      changes.some(({ ambiguous }) => ambiguous),
      Math.max(0, ...changes.filter(({ stage }) => stage === 'remote').map(({ attempt }) => attempt)),
      changes.map(({ event }) => event),
      states,
      changes.map(({ stage }) => stage),
      changes.map(({ attempt }) => attempt),
      changes.map(({ data }) => data),
      changes.map(({ traceparent }) => traceparent),
    ],
  });
  const [moved] = rows;
  if (!moved) throw new Error(`Transaction ${id} is not in state ${from}.`);
  if (moved.seq !== null) await wake(pool, [{ key: moved.key, seq: moved.seq }]);
}

/** The states that the events of a chain lead to, one after the other. */
function walk({ id, order, from, changes }: Chain): State[] {
  let state = from;
  return changes.map(({ event }) => {
    const to = next(order, state, event);
    if (!to) throw new Error(`Transaction ${id}: ${event} is stale in state ${state}.`);
    return (state = to);
  });
}

const statements = new Map<string, { name: string; text: string }>();

/** One prepared statement for each combination of parts. */
function statementFor(parts: Parts): { name: string; text: string } {
  const text = `${parts.lane} ${parts.publish} ${parts.settleSql ?? ''}`;
  const known = statements.get(text);
  if (known) return known;
  const statement = { name: `chain-${statements.size + 1}`, text: chainSql(parts) };
  statements.set(text, statement);
  return statement;
}
