import type { TerminalState } from '../../services/domain/state-machine.ts';
import { firstIdAt } from '../../services/domain/ids.ts';
import { createPool, inTransaction } from '../../services/store/pg/pool.ts';
import type { LatencySummary } from './generator.ts';

/** Everything accepted between two moments, by the id's time. Unix ms. */
export interface IdRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One second of a run, counted from its first acceptance. */
export interface TimelinePoint {
  readonly second: number;
  readonly accepted: number;
  /** Reached a terminal state in this second. */
  readonly completed: number;
}

/** What the database says of a run: exact, whatever the generator saw. */
export interface RunFacts {
  readonly accepted: number;
  readonly ended: Readonly<Partial<Record<TerminalState, number>>>;
  /** From acceptance to the terminal event, in ms, over all that have ended. */
  readonly wholeMs: LatencySummary;
  readonly timeline: readonly TimelinePoint[];
  /** Unix ms of the first acceptance and of the last terminal event. */
  readonly firstAcceptedMs: number | undefined;
  readonly lastEndedMs: number | undefined;
}

export interface Database {
  /** Facts of a run. Slow for millions of rows: ask when it is over. */
  runFacts(range: IdRange): Promise<RunFacts>;
  /** Accepted and ended within a window of a run, by their own times rather than by whole seconds. */
  within(range: IdRange, window: IdRange): Promise<{ accepted: number; completed: number }>;
  /** Transactions that have not ended, from an id's time on. */
  open(fromMs: number): Promise<number>;
  /** Sessions in the middle of something, by application_name. */
  busySessions(): Promise<Record<string, number>>;
  /** Autovacuum workers at work. */
  vacuumsRunning(): Promise<number>;
  /** Settings and version of the server as it reports them. */
  serverSettings(): Promise<Record<string, string>>;
  close(): Promise<void>;
}

type Query = <Row>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

const SETTINGS = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'wal_compression',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'max_connections',
];

/** The measuring side's own connections: they take no part in what is measured. */
export function openDatabase(databaseUrl: string): Database {
  const pool = createPool({ databaseUrl, max: 2, applicationName: 'sluice-load', onError: () => undefined });
  const query: Query = async <Row>(sql: string, values: readonly unknown[] = []) =>
    (await pool.query(sql, [...values])).rows as Row[];
  /** For questions about millions of rows. */
  const patiently = <Result>(ask: (query: Query) => Promise<Result>): Promise<Result> =>
    inTransaction(pool, async (client) => {
      await client.query("set local statement_timeout = '10min'; set local work_mem = '256MB'");
      return ask(
        async <Row>(sql: string, values: readonly unknown[] = []) =>
          (await client.query(sql, [...values])).rows as Row[],
      );
    });
  return {
    runFacts: (range) => patiently((ask) => readFacts(ask, range)),
    within: (range, window) => patiently((ask) => countWithin(ask, range, window)),
    open: async (fromMs) => {
      const [row] = await query<{ count: number }>(
        'select count(*)::int as count from transaction where outcome is null and id >= $1',
        [firstIdAt(fromMs)],
      );
      return row!.count;
    },
    busySessions: async () => {
      const rows = await query<{ name: string; busy: number }>(
        `select application_name as name, count(*) filter (where state <> 'idle')::int as busy
         from pg_stat_activity where backend_type = 'client backend' and application_name like 'sluice-%'
           and application_name <> 'sluice-load' group by 1`,
      );
      return Object.fromEntries(rows.map(({ name, busy }) => [name, busy]));
    },
    vacuumsRunning: async () => {
      const [row] = await query<{ count: number }>(
        "select count(*)::int as count from pg_stat_activity where backend_type = 'autovacuum worker'",
      );
      return row!.count;
    },
    serverSettings: async () => {
      const rows = await query<{ name: string; value: string }>(
        'select name, current_setting(name) as value from pg_settings where name = any($1)',
        [SETTINGS],
      );
      return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    },
    close: () => pool.end(),
  };
}

/** Transactions of the range with their last event; a terminal state absorbs, so the last one ended them. */
const RUN = `
  select t.accepted_at, t.outcome, e.at as ended_at
  from transaction t
  left join event e on t.outcome is not null and e.transaction_id = t.id and e.version = t.version
  where t.id >= $1 and t.id < $2`;

const idsOf = ({ fromMs, toMs }: IdRange): [string, string] => [firstIdAt(fromMs), firstIdAt(toMs)];

async function readFacts(query: Query, range: IdRange): Promise<RunFacts> {
  const ids = idsOf(range);
  const [totals] = await query<Totals>(
    `with run as materialized (${RUN}), whole as (
       select extract(epoch from ended_at - accepted_at)::float8 * 1000 as ms from run where ended_at is not null)
     select (select count(*)::int from run) as accepted,
            (select json_object_agg(outcome, n) from (select outcome, count(*)::int as n from run
              where outcome is not null group by 1) as by_outcome) as ended,
            (select extract(epoch from min(accepted_at))::float8 * 1000 from run) as "firstAcceptedMs",
            (select extract(epoch from max(ended_at))::float8 * 1000 from run) as "lastEndedMs",
            percentile_disc(array[0.5, 0.95, 0.99]) within group (order by ms) as percentiles,
            max(ms) as max, avg(ms) as mean
     from whole`,
    ids,
  );
  const timeline = await query<TimelinePoint>(
    `with run as (${RUN}), moments as (
       select accepted_at as at, 1 as accepted, 0 as completed from run
       union all select ended_at, 0, 1 from run where ended_at is not null)
     select floor(extract(epoch from at - (select min(at) from moments)))::int as second, sum(accepted)::int as accepted,
            sum(completed)::int as completed
     from moments group by 1 order by 1`,
    ids,
  );
  const { accepted, ended, firstAcceptedMs, lastEndedMs, percentiles, max, mean } = totals!;
  const [p50, p95, p99] = percentiles ?? [];
  return {
    accepted,
    ended: ended ?? {},
    wholeMs: { p50, p95, p99, max: max ?? undefined, mean: mean ?? undefined },
    timeline,
    firstAcceptedMs: firstAcceptedMs ?? undefined,
    lastEndedMs: lastEndedMs ?? undefined,
  };
}

interface Totals {
  readonly accepted: number;
  readonly ended: Record<string, number> | null;
  readonly firstAcceptedMs: number | null;
  readonly lastEndedMs: number | null;
  readonly percentiles: readonly number[] | null;
  readonly max: number | null;
  readonly mean: number | null;
}

async function countWithin(
  query: Query,
  range: IdRange,
  window: IdRange,
): Promise<{ accepted: number; completed: number }> {
  const [row] = await query<{ accepted: number; completed: number }>(
    `select count(*) filter (where accepted_at >= $3 and accepted_at < $4)::int as accepted,
            count(*) filter (where ended_at >= $3 and ended_at < $4)::int as completed
     from (${RUN}) as run`,
    [...idsOf(range), new Date(window.fromMs), new Date(window.toMs)],
  );
  return row!;
}
