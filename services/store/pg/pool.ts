import { AsyncResource } from 'node:async_hooks';
import pg from 'pg';
import { assertInstrumented } from '../../../otel/self-test.ts';

export interface PoolOptions {
  readonly databaseUrl: string;
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly onError: (error: Error) => void;
}

type OnConnected = (error: Error | undefined, client: pg.PoolClient | undefined, done: () => void) => void;

/**
 * A statement that has waited for a connection is sent by whoever gives one back: without this it would stand in the
 * trace of that one.
 */
class Pool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: OnConnected): void;
  override connect(callback?: OnConnected): Promise<pg.PoolClient> | void {
    return callback ? super.connect(AsyncResource.bind(callback)) : super.connect();
  }
}

/** A pool whose every wait is bounded. Connections are replaced after half an hour or so. */
export function createPool(options: PoolOptions): pg.Pool {
  assertInstrumented(pg);
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: options.max,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 1_800,
    keepAlive: true,
    // Every statement goes by an index. Without this a plan made while a table was empty reads all of it later.
    options: '-c enable_seqscan=off',
    statement_timeout: 15_000,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // pg hangs its client on the error, secrets and all: that is nothing for a log.
  pool.on('error', ({ message }) => options.onError(new Error(message)));
  // A connection that breaks while it is lent out, between two statements, would end the process; whoever has it
  // finds out by the next statement.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/**
 * Begins a transaction that the server ends when its process stands still in the middle of it (SIGSTOP, a machine
 * that sleeps): its locks would keep everybody else waiting. Our transactions pause for a send at the most.
 */
export const BEGIN_SQL = `begin; set local idle_in_transaction_session_timeout = '10s'`;

/** Runs `work` in one database transaction; rolls back and rethrows when it rejects. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(BEGIN_SQL);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P01',
  '57P02',
  '57P03',
  '57014',
  '53300',
  '40001',
  '40P01',
  '55P03',
  '25P03',
  '58000',
  '53100',
  '53200',
]);

/**
 * Whether the same statement may succeed a little later: the server is away, starting, full, or the statement
 * lost a race. Codes: PostgreSQL documentation, appendix A.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (CONNECTION_CODES.has(code) || code.startsWith('08')) return true;
  return /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable/i.test(
    error.message,
  );
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Whether an error says something of the database or the deployment rather than of the row at hand: all but
 * data exceptions (class 22) and violated constraints (class 23). A missing table must not fill the dead
 * letters; it ends the process.
 */
export function isInfrastructure(error: unknown): boolean {
  if (isTransient(error)) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return SQLSTATE.test(code) && !code.startsWith('22') && !code.startsWith('23');
}
