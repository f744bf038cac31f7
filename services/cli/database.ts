import type pg from 'pg';
import { createPool } from '../store/pg/pool.ts';
import { CliError, databaseError } from './errors.ts';

/**
 * Runs a command's work on the database.
 * @throws CliError: the work's own, or one that says what is wrong with the database
 */
export async function withDatabase<Result>(
  databaseUrl: string,
  work: (pool: pg.Pool) => Promise<Result>,
): Promise<Result> {
  const pool = createPool({
    databaseUrl,
    max: 2,
    applicationName: 'sluice-cli',
    // A connection that breaks while idle shows in the next query.
    onError: () => {},
  });
  try {
    return await work(pool);
  } catch (error) {
    throw error instanceof CliError ? error : databaseError(error, databaseUrl);
  } finally {
    await pool.end();
  }
}
