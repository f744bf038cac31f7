import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventName, Order, State } from '../../services/domain/state-machine.ts';
import { isPublished, isTerminal, next } from '../../services/domain/state-machine.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { Change, Submission, TransactionView } from '../../services/store/port.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { byWorkers, pieces, seeded, shuffled } from '../fixtures/shuffle.ts';
import { change, submission } from '../fixtures/transactions.ts';

/** What the stages may say of one transaction; each says it up to three times, in whatever order. */
const STORIES: Record<Order, readonly (readonly EventName[])[]> = {
  fanOut: [
    ['validated', 'remote-responded', 'done'],
    ['remote-responded', 'compensation-requested', 'compensated'],
    ['compensation-requested', 'retry-scheduled', 'rejected'],
    ['validated', 'failed'],
    ['retry-scheduled', 'validated', 'remote-responded', 'done'],
    ['validated', 'retry-scheduled', 'compensation-requested', 'expired'],
  ],
  chained: [
    ['validated', 'remote-responded', 'done'],
    ['rejected'],
    ['validated', 'retry-scheduled', 'failed'],
    ['validated', 'compensation-requested', 'retry-scheduled', 'compensated'],
    ['expired', 'validated'],
  ],
};

let database: TestDatabase;
let stores: PgStore[];

beforeAll(async () => {
  database = await createTestDatabase('join');
  stores = Array.from({ length: 8 }, () => database.store(1));
});
afterAll(() => database.drop());

/** The state that the machine leads to by the events in this order. */
function fold(order: Order, events: readonly EventName[]): State {
  let state: State = 'accepted';
  for (const event of events) {
    const to = next(order, state, event);
    if (to === undefined) throw new Error(`${event} has no edge from ${state}`);
    state = to;
  }
  return state;
}

async function rowsInOutbox(): Promise<Map<string, number>> {
  const rows = await stores[0]!.query<{ id: string; version: number; count: number }>(
    `select transaction_id as id, version, count(*)::int as count from outbox group by 1, 2`,
    [],
  );
  return new Map(rows.map((row) => [`${row.id}:${row.version}`, row.count]));
}

function check(view: TransactionView, outbox: ReadonlyMap<string, number>): void {
  const events = view.events.map(({ event }) => event);
  expect(view.events.map(({ version }) => version)).toEqual(view.events.map((_, index) => index + 1));
  expect(view.version).toBe(view.events.length);
  expect(events[0]).toBe('new');
  expect(fold(view.order, events.slice(1))).toBe(view.state);
  expect(view.events.at(-1)!.state).toBe(view.state);
  expect(view.events.filter(({ state }) => isTerminal(state)).length).toBe(isTerminal(view.state) ? 1 : 0);
  for (const { version, event } of view.events)
    expect(outbox.get(`${view.id}:${version}`) ?? 0).toBe(isPublished(event) ? 1 : 0);
}

async function deliver(changes: readonly Change[], seed: number): Promise<void> {
  const random = seeded(seed);
  const batches = pieces(shuffled(changes, random), 40, random).map(distinct);
  const queue = batches.flatMap(({ batch, left }) => [batch, ...left.map((one) => [one])]);
  const free = [...stores];
  await byWorkers(stores.length, queue, async (batch) => {
    const store = free.pop()!;
    await store.apply(batch);
    free.push(store);
  });
}

/** A batch names a transaction once, as the settler sees to; the second time goes on its own. */
function distinct(changes: readonly Change[]): { batch: Change[]; left: Change[] } {
  const first = new Map<string, Change>();
  for (const one of changes) if (!first.has(one.id)) first.set(one.id, one);
  return { batch: [...first.values()], left: changes.filter((one) => first.get(one.id) !== one) };
}

const orders: readonly Order[] = ['fanOut', 'chained'];

test.each(orders)(
  '%s: one path, one end and one message each, in whatever order stages speak',
  async (order) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, copies) => {
        await stores[0]!.query('truncate transaction, event, outbox, key_lane', []);
        const told = STORIES[order].flatMap((story) =>
          Array.from({ length: 12 }, () => ({ story, of: submission({ order }) })),
        );
        await stores[0]!.accept(told.map(({ of }) => of));
        const changes = told.flatMap(({ story, of }) =>
          Array.from({ length: copies }, () => story.map((event) => change(of, event))).flat(),
        );
        await deliver(changes, seed);
        const outbox = await rowsInOutbox();
        const views = await Promise.all(told.map(({ of }) => stores[0]!.find(of.id)));
        for (const view of views) check(view!, outbox);
        expect(views.length).toBe(told.length);
      }),
      { numRuns: 6 },
    );
  },
);

test.each(orders)('%s: told over and over in any order, every story comes to its end', async (order) => {
  const told = STORIES[order].flatMap((story) =>
    Array.from({ length: 10 }, () => ({ story, of: submission({ order }) })),
  );
  await stores[0]!.accept(told.map(({ of }) => of));
  const changes = (): Change[] => told.flatMap(({ story, of }) => story.map((event) => change(of, event)));
  // Each round moves every transaction by one event at least: the length of a story is enough.
  for (let round = 0; round < 5; round++) await deliver(changes(), round);
  const outbox = await rowsInOutbox();
  for (const { story, of } of told) {
    const view = (await stores[0]!.find(of.id))!;
    check(view, outbox);
    expect({ story, ended: isTerminal(view.state) }).toEqual({ story, ended: true });
  }
});

test('both answers at the very same time: one of them joins, and only one', async () => {
  const pairs: Submission[] = Array.from({ length: 100 }, () => submission({ order: 'fanOut' }));
  await stores[0]!.accept(pairs);
  for (const of of pairs) {
    await Promise.all([
      stores[0]!.apply([change(of, 'validated')]),
      stores[1]!.apply([change(of, 'remote-responded')]),
      stores[2]!.apply([change(of, 'validated')]),
      stores[3]!.apply([change(of, 'remote-responded')]),
    ]);
  }
  const outbox = await rowsInOutbox();
  for (const of of pairs) {
    const view = (await stores[0]!.find(of.id))!;
    check(view, outbox);
    expect(view.state).toBe('processed');
    expect(view.version).toBe(3);
  }
});
