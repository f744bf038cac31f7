import { messageOf } from '../error-message.ts';
import { NotYetError } from '../startup/wait-until-done.ts';
import { migrate } from '../store/migrate.ts';
import { isTransient } from '../store/pg/pool.ts';
import { placeOf } from '../store/place-of.ts';
import { seedAccounts } from '../store/seed.ts';

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
