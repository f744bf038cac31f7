import type { Query } from '../../store/port.ts';
import { createPool } from '../../store/pg/pool.ts';

/** Runs `work` on one connection to a database and closes it. */
export async function withDatabase<T>(databaseUrl: string, work: (query: Query) => Promise<T>): Promise<T> {
  const pool = createPool({ databaseUrl, max: 1, applicationName: 'sluice-local', onError: () => {} });
  try {
    return await work(async (sql, values) => (await pool.query(sql, [...values])).rows);
  } finally {
    await pool.end();
  }
}

/** Creates a database unless it is there. `template` names the database it is copied from. */
export async function ensureDatabase(serverUrl: string, name: string, template = 'template1'): Promise<void> {
  await withDatabase(serverUrl, async (query) => {
    const found = await query('select 1 from pg_database where datname = $1', [name]);
    if (found.length > 0) return;
    await query(`create database ${quoted(name)} template ${quoted(template)}`, []);
  });
}

/** Drops a database with whoever is connected to it. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await withDatabase(serverUrl, (query) => query(`drop database if exists ${quoted(name)} with (force)`, []));
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
