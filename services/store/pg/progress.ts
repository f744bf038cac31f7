import type pg from 'pg';
import type { Answer, Progress } from '../port.ts';

const PROGRESS_SQL = `
select t.id, t.state, t.attempts, t.ambiguous,
       coalesce(t.deadline < clock_timestamp(), false) as overdue,
       coalesce(t.next_attempt_at > clock_timestamp(), false) as waiting,
       t.keyed and exists (
         select from key_lane mine join key_lane earlier on earlier.key = mine.key and earlier.seq < mine.seq
         where mine.transaction_id = t.id
       ) as blocked
from unnest($1::uuid[]) as u(id) join transaction t using (id)`;

const RESPONSES_SQL = `
select t.id, e.transaction_id is not null as responded, e.data->'response' as response
from unnest($1::uuid[]) as u(id) join transaction t using (id)
left join event e on e.transaction_id = t.id and e.event = 'remote-responded'`;

/** Where transactions stand, read in one statement before their remote calls. */
export async function progress(pool: pg.Pool, ids: readonly string[]): Promise<Map<string, Progress>> {
  const { rows } = await pool.query<Progress>({ name: 'progress', text: PROGRESS_SQL, values: [ids] });
  return new Map(rows.map((row) => [row.id, row]));
}

export async function responses(pool: pg.Pool, ids: readonly string[]): Promise<Map<string, Answer>> {
  const { rows } = await pool.query<{ id: string; responded: boolean; response: unknown }>({
    name: 'responses',
    text: RESPONSES_SQL,
    values: [ids],
  });
  return new Map(
    rows.map(({ id, responded, response }) => [id, responded ? { response } : undefined] as const),
  );
}
