import { migrate } from '../store/migrate.ts';
import { isTransient } from '../store/pg/pool.ts';
import { seedAccounts } from '../store/seed.ts';
import { NotYetError } from './wait-until-done.ts';

export interface DatabaseOptions {
  readonly databaseUrl: string;
  /** Demo accounts to have in it. */
  readonly demoAccounts: number;
}

/**
 * Brings the schema up to date; resolves to the migrations it applied.
 * @throws NotYetError while there is no such server, database or user; the migration's error when one fails
 */
export async function prepareDatabase({ databaseUrl, demoAccounts }: DatabaseOptions): Promise<string[]> {
  try {
    const applied = await migrate(databaseUrl);
    if (demoAccounts > 0) await seedAccounts(databaseUrl, demoAccounts);
    return applied;
  } catch (error) {
    // A migration that failed says so and has a cause; everything else comes before the first one.
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause !== undefined && !isTransient(cause)) throw error;
    throw new NotYetError(`the database ${placeOf(databaseUrl)} is not there: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** host:port/database, without user and password. */
function placeOf(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  return `${url.hostname || 'localhost'}:${url.port || '5432'}${url.pathname}`;
}

/** Connecting to a name with several addresses ends in an error whose own message is empty. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
