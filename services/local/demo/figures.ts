import type { State } from '../../domain/state-machine.ts';
import type { Query } from '../../store/port.ts';

/** What the database says about the transactions of a run. */
export interface Figures {
  readonly accepted: number;
  /** In a terminal state. */
  readonly completed: number;
  readonly open: number;
  readonly byState: Readonly<Partial<Record<State, number>>>;
}

export interface EndToEnd {
  /** Accept to terminal state of those completed in the window, in ms. Null where there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** Counts by state of the transactions with ids from `firstId` on: ids are in order of acceptance. */
export async function countByState(query: Query, firstId: string): Promise<Figures> {
  const rows = await query<{ state: State; terminal: boolean; count: number }>(
    `select state, outcome is not null as terminal, count(*)::int as count
     from transaction where id >= $1 group by 1, 2`,
    [firstId],
  );
  const sum = (some: typeof rows) => some.reduce((total, { count }) => total + count, 0);
  return {
    accepted: sum(rows),
    completed: sum(rows.filter((row) => row.terminal)),
    open: sum(rows.filter((row) => !row.terminal)),
    byState: Object.fromEntries(rows.map(({ state, count }) => [state, count])),
  };
}

/** Times from accept to `done`, of the transactions from `firstId` on that ended in the last seconds. */
export async function endToEnd(query: Query, firstId: string, lastSeconds: number): Promise<EndToEnd> {
  const [row] = await query<{ p50: number | null; p99: number | null }>(
    `select percentile_disc(0.5) within group (order by ms) as p50,
            percentile_disc(0.99) within group (order by ms) as p99
     from (
       select extract(epoch from updated_at - accepted_at)::float8 * 1000 as ms from transaction
       where id >= $1 and outcome = 'done' and updated_at >= clock_timestamp() - make_interval(secs => $2)
     ) as ended`,
    [firstId, lastSeconds],
  );
  return { p50Ms: row?.p50 ?? null, p99Ms: row?.p99 ?? null };
}

/** Transactions of the whole database that have not ended. */
export async function countOpen(query: Query): Promise<number> {
  const [row] = await query<{ open: number }>(
    'select count(*)::int as open from transaction where outcome is null',
    [],
  );
  return row!.open;
}
