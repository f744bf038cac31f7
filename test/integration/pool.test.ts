import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type pg from 'pg';
import { createPool } from '../../services/store/pg/pool.ts';
import { databaseServerUrl } from '../fixtures/services-under-test.ts';

let pool: pg.Pool;
beforeAll(() => {
  pool = createPool({
    databaseUrl: databaseServerUrl(),
    max: 1,
    applicationName: 'pool-test',
    onError: () => {},
  });
});
afterAll(() => pool.end());

test('a statement that has waited for a connection is sent as part of what asked for it', async () => {
  const storage = new AsyncLocalStorage<string>();
  const sent: (string | undefined)[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      sent.push(storage.getStore());
      return query(...args);
    }) as typeof client.query;
  });
  const ask = (): Promise<unknown> => pool.query('select pg_sleep(0.02)');
  await Promise.all([storage.run('first', ask), storage.run('second', ask), ask()]);
  expect(sent).toEqual(['first', 'second', undefined]);
});
