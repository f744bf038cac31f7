import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../load/lib/run-facts.ts';
import type { Database } from '../../load/lib/run-facts.ts';
import { firstIdAt } from '../../services/domain/ids.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { change, submission } from '../fixtures/transactions.ts';

const START_MS = Date.parse('2030-01-01T00:00:00Z');
const DONE = ['validated', 'remote-responded', 'done'] as const;

let database: TestDatabase;
let store: PgStore;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase('facts');
  store = database.store();
  db = openDatabase(database.url);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(() => store.query('truncate transaction, event, outbox', []));

/** Accepted so long after the start, and ended so long after that, if at all. */
async function play(
  acceptedMs: number,
  tookMs: number | undefined,
  end: readonly (typeof DONE)[number][] | readonly ['rejected'] = DONE,
): Promise<void> {
  const of = submission({
    id: firstIdAt(START_MS + acceptedMs).slice(0, 24) + crypto.randomUUID().slice(24),
  });
  await store.accept([of]);
  if (tookMs !== undefined) for (const event of end) await store.apply([change(of, event)]);
  const values = [of.id, new Date(START_MS + acceptedMs), new Date(START_MS + acceptedMs + (tookMs ?? 0))];
  await store.query(
    `with one as (update transaction set accepted_at = $2 where id = $1 returning id, version, outcome)
     update event e set at = case when outcome is not null and e.version = one.version then $3 else $2::timestamptz end
     from one where e.transaction_id = one.id`,
    values,
  );
}

test('accepted, ended, latencies and the timeline, of the range asked for', async () => {
  await play(-5_000, 10);
  await play(0, 100);
  await play(500, 300, ['rejected']);
  await play(1_200, 1_000);
  await play(2_500, undefined);
  await play(60_000, 10);
  const range = { fromMs: START_MS, toMs: START_MS + 30_000 };
  const facts = await db.runFacts(range);
  expect(facts).toMatchObject({
    accepted: 4,
    ended: { done: 2, rejected: 1 },
    firstAcceptedMs: START_MS,
    lastEndedMs: START_MS + 2_200,
  });
  const { p50, p99, max, mean } = facts.wholeMs;
  expect([p50, p99, max].map((ms) => Math.round(ms!))).toEqual([300, 1_000, 1_000]);
  expect(mean).toBeCloseTo(1_400 / 3, 3);
  expect(facts.timeline).toEqual([
    { second: 0, accepted: 2, completed: 2 },
    { second: 1, accepted: 1, completed: 0 },
    { second: 2, accepted: 1, completed: 1 },
  ]);
  const window = { fromMs: START_MS + 400, toMs: START_MS + 2_200 };
  expect(await db.within(range, window)).toEqual({ accepted: 2, completed: 1 });
  expect(await db.open(START_MS)).toBe(1);
  expect(await db.open(START_MS + 3_000)).toBe(0);
});

test('of nothing there are none', async () => {
  const facts = await db.runFacts({ fromMs: START_MS, toMs: START_MS + 1 });
  expect(facts).toMatchObject({ accepted: 0, ended: {}, timeline: [] });
  const { wholeMs, firstAcceptedMs, lastEndedMs } = facts;
  expect([wholeMs.mean, wholeMs.p50, firstAcceptedMs, lastEndedMs]).toEqual(Array(4).fill(undefined));
});

test('sessions are counted while they are in the middle of something; settings are the server’s', async () => {
  const named = await store.pool.connect();
  try {
    await named.query(`set application_name = 'sluice-counted'`);
    expect((await db.busySessions())['sluice-counted']).toBe(0);
    await named.query('begin');
    expect((await db.busySessions())['sluice-counted']).toBe(1);
    await named.query('rollback');
  } finally {
    named.release(true);
  }
  expect(await db.serverSettings()).toMatchObject({ fsync: expect.stringMatching(/^(on|off)$/) as string });
  expect(await db.vacuumsRunning()).toBeGreaterThanOrEqual(0);
});
