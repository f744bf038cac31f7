import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { send } from '../../services/api/api-fixture.ts';
import type { Api } from '../../services/api/start-api.ts';
import { startApi } from '../../services/api/start-api.ts';
import { NO_JOURNAL } from '../../services/remote-simulator/journal.ts';
import { Ledger } from '../../services/remote-simulator/ledger.ts';
import { createSimulatorServer } from '../../services/remote-simulator/server.ts';
import { DEFAULT_SETTINGS, changeSettings } from '../../services/remote-simulator/settings.ts';
import { Simulator } from '../../services/remote-simulator/simulator.ts';
import type { RemoteClient } from '../../services/runtime/remote-client.ts';
import { createRemoteClient } from '../../services/runtime/remote-client.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import { isTransient } from '../../services/store/pg/pool.ts';
import { seedAccounts } from '../../services/store/seed.ts';
import { Registry, TRANSACTION_TYPES } from '../../services/transactions/registry.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { PAYLOAD } from '../fixtures/transactions.ts';

let database: TestDatabase;
let store: PgStore;
let simulator: Simulator;
let server: Server;
let remote: RemoteClient;
let api: Api;
const refused: string[] = [];

const QUICK = changeSettings(DEFAULT_SETTINGS, { meanMs: 5 });
const ignore = (): void => {};

beforeAll(async () => {
  database = await createTestDatabase('twin');
  await seedAccounts(database.url, 20);
  store = database.store(4);
  simulator = new Simulator({ ledger: new Ledger(), journal: NO_JOURNAL, settings: QUICK });
  server = createSimulatorServer({ simulator, onFatal: ignore });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  remote = createRemoteClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeoutMs: 300,
    concurrency: 1_000,
    quickAttempts: 1,
    onCall: ignore,
  });
  api = await startApi(
    {
      host: '127.0.0.1',
      port: 0,
      limits: { queueMax: 2_000, queueWaitMaxMs: 250, outboxAgeMaxSeconds: 900, eventLoopDelayMaxMs: 60_000 },
      bulkStreamsMax: 4,
      syncCallsMax: 1_000,
      syncTurns: 2,
      waitersMax: 10,
      drainMs: 0,
      version: '0.0.0',
    },
    {
      store,
      remote,
      isTransient,
      registry: new Registry(TRANSACTION_TYPES),
      log: { debug: ignore, warn: ignore, error: ignore },
      metrics: {
        submitted: ignore,
        acceptSeconds: ignore,
        batchSize: ignore,
        refused: (reason) => void refused.push(reason),
        answered: ignore,
        bulkLine: ignore,
      },
    },
  );
});
afterAll(async () => {
  await api.stop();
  await remote.close();
  server.closeAllConnections();
  server.close();
  await database.drop();
});
beforeEach(async () => {
  simulator.configure(QUICK);
  await store.query('truncate transaction, event, outbox, key_lane, payment, idempotency', []);
});

const post = (body: object, headers: Record<string, string> = {}) =>
  send(`http://127.0.0.1:${api.port}`, '/v1/sync/transactions', { body, headers });

/** What is sent to the database meanwhile, but for what the API asks by itself. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const spy = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return (spy.mock.calls as unknown[][])
      .map(([query]) => (typeof query === 'string' ? query : (query as { text: string }).text))
      .filter((text) => !text.includes('from outbox order by id'));
  } finally {
    spy.mockRestore();
  }
}

async function rows(id: unknown): Promise<unknown> {
  const [row] = await store.query(
    `select state, version, ambiguous,
       (select array_agg(stage || ':' || event || ':' || attempt order by version) from event
        where transaction_id = t.id) as events,
       (select array_agg(version) from outbox where transaction_id = t.id) as outbox,
       (select reference is not null from payment where transaction_id = t.id) as saved,
       (select count(*)::int from key_lane) as lanes
     from transaction t where id = $1`,
    [id],
  );
  return row;
}

const EVENTS = ['sync:new:1', 'sync:validated:1', 'sync:remote-responded:1', 'sync:done:1'];

test.each(['payment', 'payment-fan-out'])('%s: three statements, two of them commits', async (type) => {
  let id: unknown;
  const statements = await statementsOf(async () => {
    const answer = await post({ type, payload: PAYLOAD });
    expect(answer.status).toBe(200);
    id = answer.body!['id'];
  });
  expect(statements.map((text) => text.includes('insert into'))).toEqual([true, false, true]);
  expect(await rows(id)).toEqual({
    state: 'done',
    version: 4,
    ambiguous: false,
    events: EVENTS,
    outbox: null,
    saved: true,
    lanes: 0,
  });
});

test('with a key and an idempotency key: the lane is taken and left', async () => {
  const answer = await post({ type: 'payment', key: 'K', payload: PAYLOAD }, { 'Idempotency-Key': 'once' });
  expect(answer.status).toBe(200);
  expect(await rows(answer.body!['id'])).toMatchObject({ state: 'done', events: EVENTS, lanes: 0 });
  const again = await post({ type: 'payment', key: 'K', payload: PAYLOAD }, { 'Idempotency-Key': 'once' });
  expect(again.body).toEqual(answer.body);
});

test.each([
  ['payment', ['sync:new:1', 'sync:rejected:1']],
  ['payment-fan-out', ['sync:new:1', 'sync:compensation-requested:1', 'sync:rejected:1']],
])('%s that is rejected: two commits and a read, nothing published', async (type, events) => {
  let answer: Awaited<ReturnType<typeof post>> | undefined;
  const statements = await statementsOf(async () => {
    answer = await post({ type, payload: { ...PAYLOAD, debtor: 'ACC-999999' } });
  });
  expect(answer?.status).toBe(422);
  expect(statements.length).toBe(3);
  expect(await rows(answer!.body!['id'])).toMatchObject({
    state: 'rejected',
    events,
    outbox: null,
    saved: null,
  });
});

test('a call without an answer: the undoing is published in the commit that asks for it', async () => {
  simulator.configure({ hangAfterRate: 1 });
  const answer = await post({ type: 'payment', payload: PAYLOAD });
  expect(answer.status).toBe(504);
  expect(await rows(answer.body!['id'])).toMatchObject({
    state: 'compensating',
    version: 3,
    ambiguous: true,
    events: ['sync:new:1', 'sync:validated:1', 'sync:compensation-requested:1'],
    outbox: [3],
  });
});

test('more than the database has time for: refused soon, with a time to come back; what is taken is done', async () => {
  const locker = await store.pool.connect();
  try {
    await locker.query('begin; lock table transaction in access exclusive mode');
    const startedMs = performance.now();
    const all = Array.from({ length: 40 }, () => post({ type: 'payment', payload: PAYLOAD }));
    const early = await Promise.race(all);
    expect(early.status).toBe(503);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    const late = await post({ type: 'payment', payload: PAYLOAD });
    expect(late).toMatchObject({ status: 503, body: { reason: 'queue-slow' } });
    await locker.query('rollback');
    const answers = await Promise.all(all);
    const done = answers.filter(({ status }) => status === 200);
    expect(done.length).toBeGreaterThanOrEqual(2);
    for (const { status, headers, body } of answers.filter((answer) => !done.includes(answer))) {
      expect({ status, reason: body!['reason'] }).toEqual({ status: 503, reason: 'queue-slow' });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(refused.length).toBe(answers.length - done.length + 1);
    const stored = await store.query<{ state: string }>('select state from transaction', []);
    expect(stored.map(({ state }) => state)).toEqual(done.map(() => 'done'));
  } finally {
    locker.release();
  }
});
