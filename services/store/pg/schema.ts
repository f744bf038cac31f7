import type pg from 'pg';
import { migrationNames } from '../migrate.ts';

const NO_SUCH_TABLE = '42P01';

/** Migrations of this version that the database lacks; one of a later version has more, which is no harm. */
export async function missingMigrations(pool: pg.Pool): Promise<string[]> {
  const applied = await pool.query<{ name: string }>('select name from migration').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === NO_SUCH_TABLE) return { rows: [] };
    throw error;
  });
  const names = new Set(applied.rows.map(({ name }) => name));
  return (await migrationNames()).filter((name) => !names.has(name));
}
