import type pg from 'pg';
import type {
  AcceptStore,
  Query,
  QueryStore,
  RelayStore,
  SchemaStore,
  StageStore,
  SweepStore,
} from '../port.ts';
import { accept } from './accept.ts';
import { applyChain } from './apply-chain.ts';
import { apply } from './apply.ts';
import { claim } from './claim.ts';
import { deadLetter } from './dead-letter.ts';
import type { PoolOptions } from './pool.ts';
import { createPool } from './pool.ts';
import { progress, responses } from './progress.ts';
import { find, list, openBatch, outboxAgeSeconds, versions } from './query.ts';
import { missingMigrations } from './schema.ts';
import { emitDueRetries, outboxState, overdue, purge, sweep } from './sweep.ts';
import { unreadable } from './unreadable.ts';

export interface PgStore extends SchemaStore, AcceptStore, QueryStore, StageStore, RelayStore, SweepStore {
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** The ports on PostgreSQL. Nothing connects before the first call. */
export function createPgStore(options: PoolOptions): PgStore {
  const pool = createPool(options);
  const nameOf = createNames();
  const query: Query = async <Row>(sql: string, values: readonly unknown[]) => {
    const { rows } = await pool.query({ name: nameOf(sql), text: sql, values: [...values] });
    return rows as Row[];
  };
  return {
    pool,
    query,
    missingMigrations: () => missingMigrations(pool),
    accept: (batch, { publish = true } = {}) => accept(pool, batch, publish),
    openBatch: (batchId) => openBatch(pool, batchId),
    outboxAgeSeconds: () => outboxAgeSeconds(pool),
    find: (id) => find(pool, id),
    versions: (ids) => versions(pool, ids),
    list: (filter) => list(pool, filter),
    apply: (changes, applyOptions) => apply(pool, changes, applyOptions),
    applyChain: (chain, chainOptions) => applyChain(pool, chain, chainOptions),
    progress: (ids) => progress(pool, ids),
    responses: (ids) => responses(pool, ids),
    deadLetter: (letters) => deadLetter(pool, letters),
    claim: (shards, limit, send) => claim(pool, shards, limit, send),
    outboxState: () => outboxState(pool),
    emitDueRetries: (limit) => emitDueRetries(pool, limit),
    sweep: (horizons, afterSeconds, limit) => sweep(pool, horizons, { afterSeconds, limit }),
    overdue: (limit) => overdue(pool, limit),
    unreadable: (times) => unreadable(pool, times),
    purge: (olderThanHours) => purge(pool, olderThanHours),
    close: () => pool.end(),
  };
}

/** Statements that a connection keeps prepared; one that comes later is parsed each time. */
const PREPARED_MAX = 64;

/** Names the statements of transaction types, so that they are prepared once per connection. */
function createNames(): (sql: string) => string | undefined {
  const names = new Map<string, string>();
  return (sql) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= PREPARED_MAX) return known;
    const name = `query-${names.size + 1}`;
    names.set(sql, name);
    return name;
  };
}
