import pg from 'pg';

/** Accounts at the end of the range that make a payment be rejected, by what is wrong with them. */
export const UNUSABLE_ACCOUNTS = {
  blocked: 'ACC-BLOCKED',
  closed: 'ACC-CLOSED',
  dollars: 'ACC-USD-001',
} as const;

/**
 * Demo accounts ACC-000001 … ACC-<count>: active, EUR, at most 10,000.00 a payment; and three that are of no
 * use. Adds what is missing, changes nothing.
 */
export async function seedAccounts(databaseUrl: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(
      `insert into account (id, status, currency, payment_limit)
       select 'ACC-' || lpad(n::text, 6, '0'), 'active', 'EUR', 1000000 from generate_series(1, $1) as n
       union all values ($2, 'blocked', 'EUR', 1000000), ($3, 'closed', 'EUR', 1000000), ($4, 'active', 'USD', 1000000)
       on conflict (id) do nothing`,
      [count, UNUSABLE_ACCOUNTS.blocked, UNUSABLE_ACCOUNTS.closed, UNUSABLE_ACCOUNTS.dollars],
    );
  } finally {
    await client.end();
  }
}
