import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EventName, State } from '../../services/domain/state-machine.ts';
import { EVENT_NAMES, ORDERS, next } from '../../services/domain/state-machine.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { Chain, Submission } from '../../services/store/port.ts';
import { payment } from '../../services/transactions/payment/payment.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { PAYLOAD, change, submission } from '../fixtures/transactions.ts';

const { settleSql } = payment('payment', 'chained');
const DONE = ['validated', 'remote-responded', 'done'] as const;

let database: TestDatabase;
let store: PgStore;

beforeAll(async () => {
  database = await createTestDatabase('chain');
  store = database.store();
});
afterAll(() => database.drop());
beforeEach(() => store.query('truncate transaction, event, outbox, key_lane, payment', []));

function chain(of: Submission, events: readonly EventName[], from: State = 'accepted'): Chain {
  const changes = events.map((event) => change(of, event));
  return { id: of.id, order: of.order, keyed: of.keyed, from, changes };
}

async function counts(): Promise<unknown> {
  const [row] = await store.query(
    `select (select count(*)::int from outbox) as outbox, (select count(*)::int from payment) as payment,
       (select count(*)::int from key_lane) as lane`,
    [],
  );
  return row;
}

/** The events of a walk through the state machine, as far as it goes. */
const walk = fc
  .tuple(fc.constantFrom(...ORDERS), fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), fc.boolean())
  .map(([order, choices, keyed]) => {
    let state: State = 'accepted';
    const events: EventName[] = [];
    for (const choice of choices) {
      const open = EVENT_NAMES.filter((event) => next(order, state, event));
      if (open.length === 0) break;
      const event = open[choice % open.length]!;
      events.push(event);
      state = next(order, state, event)!;
    }
    return { order, events, keyed };
  });

const ROWS_SQL = `
select t.state, t.outcome, t.version, t.attempts, t.ambiguous, l.seq is not null as "inLane",
  (select json_agg(json_build_array(version, event, state, stage, attempt, data->'response') order by version)
   from event where transaction_id = t.id) as events
from transaction t left join key_lane l on l.transaction_id = t.id where t.id = $1`;

test('a chain leaves the same rows as its events one by one, for any walk through the state machine', async () => {
  await fc.assert(
    fc.asyncProperty(walk, async ({ order, events, keyed }) => {
      // The end of the id is in the response of `change`.
      const end = crypto.randomUUID().slice(-6);
      const pair = ['7', '8'].map((digit) => {
        const id = `${digit}${crypto.randomUUID().slice(1, -6)}${end}`;
        return submission({ id, order, key: keyed ? id : undefined });
      });
      const [single, chained] = pair as [Submission, Submission];
      await store.accept(pair, { publish: false });
      for (const event of events) await store.apply([change(single, event)]);
      await store.applyChain(chain(chained, events), { publish: 'last' });
      const [one, other] = await Promise.all(pair.map(({ id }) => store.query(ROWS_SQL, [id])));
      expect(one).toHaveLength(1);
      expect(other).toEqual(one);
      const published = await store.query<{ id: string }>(
        `select o.transaction_id as id from outbox o join transaction t on t.id = o.transaction_id
         where t.version = o.version and t.id = any($1) order by 1`,
        [[single.id, chained.id]],
      );
      expect([0, 2]).toContain(published.length);
    }),
    { numRuns: 60 },
  );
});

test('is all or nothing, and publishes only its last event, if any', async () => {
  const [one, two, three] = [submission(), submission(), submission()];
  await store.accept([one, two, three], { publish: false });
  await store.applyChain(chain(one, DONE), { publish: 'none', settleSql });
  expect(await store.find(one.id)).toMatchObject({ state: 'done', version: 4 });
  expect(await counts()).toEqual({ outbox: 0, payment: 1, lane: 0 });
  const saved = await store.query('select amount, reference from payment', []);
  expect(saved).toEqual([{ amount: String(PAYLOAD.amount), reference: `RMT-${one.id.slice(-6)}` }]);

  await store.applyChain(chain(two, ['validated', 'compensation-requested']), { publish: 'last' });
  expect(await store.query('select transaction_id as id, version from outbox', [])).toEqual([
    { id: two.id, version: 3 },
  ]);

  const bad = submission({ payload: { ...PAYLOAD, amount: -1 } });
  await store.accept([bad], { publish: false });
  await expect(store.applyChain(chain(bad, DONE), { publish: 'none', settleSql })).rejects.toMatchObject({
    code: '23514',
  });
  for (const { id } of [three, bad])
    expect(await store.find(id)).toMatchObject({ state: 'accepted', version: 1 });
});

test('refuses what the state machine does not have, and a result without a response', async () => {
  const of = submission();
  await store.accept([of], { publish: false });
  const none = { publish: 'none' } as const;
  await expect(store.applyChain(chain(of, [...DONE, 'failed']), none)).rejects.toThrow(/failed is stale/);
  await expect(store.applyChain(chain(of, ['rejected']), { ...none, settleSql })).rejects.toThrow(
    /no response/,
  );
  expect(await store.find(of.id)).toMatchObject({ state: 'accepted', version: 1 });
});

test('does nothing to a transaction that has moved on, or that there is not', async () => {
  const of = submission();
  await store.accept([of], { publish: false });
  await store.apply([change(of, 'validated')]);
  const options = { publish: 'none', settleSql } as const;
  await expect(store.applyChain(chain(of, DONE), options)).rejects.toThrow(/not in state accepted/);
  await expect(store.applyChain(chain(submission(), DONE), options)).rejects.toThrow(/not in state accepted/);
  expect(await store.find(of.id)).toMatchObject({ state: 'validated', version: 2 });
  expect(await counts()).toMatchObject({ payment: 0 });
});

test('of many at once for one transaction, one takes effect', async () => {
  const of = submission();
  await store.accept([of], { publish: false });
  const all = Array.from({ length: 8 }, () =>
    store.applyChain(chain(of, DONE), { publish: 'none', settleSql }),
  );
  const settled = await Promise.allSettled(all);
  expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1);
  expect(await store.find(of.id)).toMatchObject({ state: 'done', version: 4 });
});

test('lets go of its lane, and wakes the next in line', async () => {
  const [first, second] = [submission({ key: 'K' }), submission({ key: 'K' })];
  await store.accept([first]);
  await store.accept([second]);
  await store.apply([change(second, 'validated')]);
  await store.query('truncate outbox', []);
  await store.applyChain(chain(first, DONE), { publish: 'none', settleSql });
  expect(await counts()).toEqual({ outbox: 1, payment: 1, lane: 1 });
  expect(await store.query('select transaction_id as id, version from outbox', [])).toEqual([
    { id: second.id, version: 2 },
  ]);
});
