import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { State } from '../../services/domain/state-machine.ts';
import {
  EVENT_NAMES,
  ORDERS,
  STATES,
  TERMINAL_STATES,
  isPublished,
  isTerminal,
  next,
} from '../../services/domain/state-machine.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { TransactionRow } from '../../services/store/port.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { byWorkers, pieces, seeded, shuffled } from '../fixtures/shuffle.ts';
import { PAYLOAD, change, submission } from '../fixtures/transactions.ts';
import { payment } from '../../services/transactions/payment/payment.ts';

const { settleSql } = payment('payment', 'chained');

let database: TestDatabase;
let store: PgStore;

beforeAll(async () => {
  database = await createTestDatabase('apply');
  store = database.store(12);
});
afterAll(() => database.drop());
beforeEach(() => store.query('truncate transaction, event, outbox, key_lane, payment', []));

test('tells what has moved nothing, and why', async () => {
  const one = submission();
  const two = submission();
  const missing = submission();
  await store.accept([one, two]);
  const unmoved = await store.apply([
    change(one, 'validated'),
    change(two, 'done'),
    change(missing, 'validated'),
  ]);
  expect(new Map(unmoved.map(({ id, reason }) => [id, reason]))).toEqual(
    new Map([
      [two.id, 'stale'],
      [missing.id, 'unknown'],
    ]),
  );
  expect(await store.apply([change(one, 'validated')])).toEqual([{ id: one.id, reason: 'stale' }]);
  expect(await store.apply([])).toEqual([]);
});

test('an answer that comes when the transaction is being undone is not taken for that of the reversal', async () => {
  const of = submission({ order: 'fanOut' });
  await store.accept([of]);
  await store.apply([change(of, 'compensation-requested')]);
  const late = { from: ['accepted', 'validated'] as const };
  expect(await store.apply([{ ...change(of, 'failed'), ...late }])).toEqual([{ id: of.id, reason: 'stale' }]);
  expect(await store.apply([{ ...change(of, 'retry-scheduled'), ...late }])).toHaveLength(1);
  expect(await store.apply([{ ...change(of, 'compensated'), from: ['compensating'] }])).toEqual([]);
  expect((await store.find(of.id))?.state).toBe('compensated');
});

test('saves the result in the statement that makes a transaction done, once', async () => {
  const many = Array.from({ length: 20 }, () => submission());
  await store.accept(many);
  for (const event of ['validated', 'remote-responded'] as const)
    await store.apply(many.map((of) => change(of, event)));
  const done = (): Promise<unknown> =>
    store.apply(
      many.map((of) => change(of, 'done')),
      { settleSql },
    );
  await Promise.all([done(), done(), done()]);
  const saved = await store.query<{ id: string; amount: string; reference: string }>(
    'select transaction_id as id, amount, reference from payment',
    [],
  );
  expect(saved.length).toBe(20);
  for (const { id, amount, reference } of saved) {
    expect(Number(amount)).toBe(PAYLOAD.amount);
    expect(reference).toBe(`RMT-${id.slice(-6)}`);
  }
});

test('a result that cannot be saved moves nothing', async () => {
  const bad = submission({ payload: { ...PAYLOAD, amount: -1 } });
  await store.accept([bad]);
  for (const event of ['validated', 'remote-responded'] as const) await store.apply([change(bad, event)]);
  await expect(store.apply([change(bad, 'done')], { settleSql })).rejects.toMatchObject({ code: '23514' });
  expect(await store.find(bad.id)).toMatchObject({ state: 'processed', version: 3 });
});

test('nothing is done without a response, whatever its state says', async () => {
  const [one, two] = [submission(), submission()];
  await store.accept([one, two]);
  for (const event of ['validated', 'remote-responded'] as const) await store.apply([change(one, event)]);
  await store.apply([change(two, 'validated')]);
  await store.query(`update transaction set state = 'processed' where id = $1`, [two.id]);
  const done = [change(one, 'done'), change(two, 'done')];
  expect(await store.apply(done, { settleSql })).toEqual([{ id: two.id, reason: 'stale' }]);
  expect(await store.find(one.id)).toMatchObject({ state: 'done' });
  expect(await store.find(two.id)).toMatchObject({ state: 'processed', version: 2 });
  const rows = await store.query('select transaction_id as id from payment', []);
  expect(rows).toEqual([{ id: one.id }]);
});

test('the machine in SQL is the machine of the domain: every order, state and event', async () => {
  const cases = ORDERS.flatMap((order) =>
    STATES.flatMap((from) => EVENT_NAMES.map((event) => ({ order, from, event, of: submission({ order }) }))),
  );
  await store.accept(cases.map(({ of }) => of));
  await store.query(
    `update transaction t set state = u.state, outcome = case when u.state = any($3) then u.state end
     from unnest($1::uuid[], $2::text[]) as u(id, state) where t.id = u.id`,
    [cases.map(({ of }) => of.id), cases.map(({ from }) => from), TERMINAL_STATES],
  );
  await store.query('truncate outbox', []);
  const unmoved = await store.apply(cases.map(({ of, event }) => change(of, event)));
  const stale = new Set(unmoved.map(({ id }) => id));
  const rows = await store.query<{ id: string; state: State; outcome: string | null; published: number }>(
    `select t.id, t.state, t.outcome, (select count(*)::int from outbox where transaction_id = t.id) as published
     from transaction t`,
    [],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { order, from, event, of } of cases) {
    const to = next(order, from, event);
    const state = to ?? from;
    expect({ order, from, event, stale: stale.has(of.id), row: byId.get(of.id) }).toEqual({
      order,
      from,
      event,
      stale: to === undefined,
      row: {
        id: of.id,
        state,
        outcome: isTerminal(state) ? state : null,
        published: to !== undefined && isPublished(event) ? 1 : 0,
      },
    });
  }
});

test('remembers the highest attempt and that a call was ambiguous', async () => {
  const one = submission();
  await store.accept([one]);
  await store.apply([change(one, 'validated')]);
  await store.apply([change(one, 'retry-scheduled', { attempt: 4, ambiguous: true, delayMs: 0 })]);
  await store.apply([change(one, 'retry-scheduled', { attempt: 2, delayMs: 0 })]);
  expect((await store.progress([one.id])).get(one.id)).toMatchObject({ attempts: 4, ambiguous: true });
});

test('twelve workers, shuffled batches, keyed and not: no deadlock, no gap, everything ends', async () => {
  const random = seeded(11);
  const many = Array.from({ length: 600 }, (_, n) =>
    submission({
      order: n % 2 === 0 ? 'chained' : 'fanOut',
      key: n % 3 === 0 ? `K${Math.floor(n / 3) % 20}` : undefined,
    }),
  );
  for (const batch of pieces(many, 100, random)) await store.accept(batch);
  const steps = ['validated', 'remote-responded', 'done'] as const;
  for (let round = 0; round < 3; round++) {
    const batches = steps.flatMap((event) =>
      pieces(shuffled([...many], random), 120, random).map((batch) => batch.map((of) => change(of, event))),
    );
    await byWorkers(12, shuffled(batches, random), async (batch) => {
      if (batch[0]!.event !== 'done') return void (await store.apply(batch));
      // As the stage persist does: nothing is done before its response is there.
      const answered = await store.responses(batch.map(({ id }) => id));
      await store.apply(
        batch.filter(({ id }) => answered.get(id)),
        { settleSql },
      );
    });
  }
  const rows = await store.query<{ state: string; versions: number[]; published: number }>(
    `select t.state, array_agg(e.version order by e.version) as versions,
       (select count(*)::int from outbox o where o.transaction_id = t.id and o.version = t.version) as published
     from transaction t join event e on e.transaction_id = t.id group by t.id`,
    [],
  );
  expect(rows.length).toBe(600);
  for (const { state, versions, published } of rows)
    expect({ state, versions, published }).toEqual({ state: 'done', versions: [1, 2, 3, 4], published: 1 });
  const [left] = await store.query<{ lanes: number; payments: number }>(
    'select (select count(*)::int from key_lane) as lanes, (select count(*)::int from payment) as payments',
    [],
  );
  expect(left).toEqual({ lanes: 0, payments: 600 });
});

test('lists every state by pages, in order of ids, each once', async () => {
  const many = Array.from({ length: 60 }, (_, n) =>
    submission({ order: n % 2 === 0 ? 'chained' : 'fanOut' }),
  );
  await store.accept(many);
  const paths = [
    [],
    ['validated'],
    ['validated', 'remote-responded'],
    ['validated', 'remote-responded', 'done'],
    ['validated', 'failed'],
    ['validated', 'compensation-requested'],
    ['validated', 'compensation-requested', 'compensated'],
    ['validated', 'compensation-requested', 'rejected'],
    ['validated', 'compensation-requested', 'expired'],
    ['remote-responded'],
  ] as const;
  for (const [n, of] of many.entries())
    for (const event of paths[n % paths.length]!) await store.apply([change(of, event)]);
  const states = new Set<string>();
  for (const state of STATES)
    for (const type of [undefined, 'payment']) {
      const rows = await allPages(state, type);
      const all = await store.query<{ id: string }>(
        'select id from transaction where state = $1 and ($2::text is null or type = $2) order by id',
        [state, type ?? null],
      );
      expect(rows.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
      for (const row of rows) states.add(row.state);
    }
  expect(states.size).toBe(STATES.length);
  expect((await store.list({ limit: 1_000 })).length).toBe(60);
});

async function allPages(state: State, type: string | undefined): Promise<TransactionRow[]> {
  const rows: TransactionRow[] = [];
  for (;;) {
    const page = await store.list({ state, type, after: rows.at(-1)?.id, limit: 4 });
    rows.push(...page);
    if (page.length < 4) return rows;
  }
}

test('find: nothing for an unknown id; versions only of those there are', async () => {
  const one = submission();
  await store.accept([one]);
  const unknown = submission().id;
  expect(await store.find(unknown)).toBeUndefined();
  expect(await store.versions([one.id, unknown])).toEqual(new Map([[one.id, 1]]));
  expect(await store.responses([one.id, unknown])).toEqual(new Map([[one.id, undefined]]));
  expect(await store.progress([unknown])).toEqual(new Map());
});
