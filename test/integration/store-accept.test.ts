import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bulkLineIds } from '../../services/domain/ids.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { AcceptOutcome, Submission } from '../../services/store/port.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { byWorkers, pieces, seeded, shuffled } from '../fixtures/shuffle.ts';
import { PAYLOAD, submission } from '../fixtures/transactions.ts';

let database: TestDatabase;
let store: PgStore;

beforeAll(async () => {
  database = await createTestDatabase('accept');
  store = database.store(16);
});
afterAll(() => database.drop());
beforeEach(() =>
  store.query('truncate transaction, event, outbox, key_lane, idempotency, bulk_batch, dead_letter', []),
);

const kinds = (outcomes: readonly AcceptOutcome[]): string[] => outcomes.map(({ kind }) => kind);

async function counts(): Promise<Record<string, number>> {
  const [row] = await store.query<Record<string, number>>(
    `select (select count(*)::int from transaction) as transaction, (select count(*)::int from event) as event,
            (select count(*)::int from outbox) as outbox, (select count(*)::int from key_lane) as lane,
            (select count(*)::int from idempotency) as idempotency`,
    [],
  );
  return row!;
}

test('stores transaction, event and outbox row of each', async () => {
  const deadline = new Date(Date.now() + 60_000);
  const batch = [submission(), submission({ key: 'K', deadline }), submission({ idempotencyKey: 'i' })];
  expect(kinds(await store.accept(batch))).toEqual(['accepted', 'accepted', 'accepted']);
  expect(await counts()).toEqual({ transaction: 3, event: 3, outbox: 3, lane: 1, idempotency: 1 });
  const found = await store.find(batch[1]!.id);
  expect(found).toMatchObject({ state: 'accepted', version: 1, attempts: 0, key: 'K', deadline });
  expect(found!.events).toMatchObject([{ event: 'new', stage: 'api', data: JSON.parse(batch[1]!.data) }]);
});

test('leaves the outbox alone for the synchronous twin', async () => {
  await store.accept([submission()], { publish: false });
  expect(await counts()).toMatchObject({ transaction: 1, event: 1, outbox: 0 });
});

test('an empty batch is nothing', async () => {
  expect(await store.accept([])).toEqual([]);
});

test('idempotency keys within one batch: the first counts, the same again is a replay, another a conflict', async () => {
  const first = submission({ idempotencyKey: 'k' });
  const again = submission({ idempotencyKey: 'k' });
  const other = submission({ idempotencyKey: 'k', payload: { ...PAYLOAD, amount: 7 } });
  expect(await store.accept([first, again, submission(), other])).toEqual([
    { kind: 'accepted', id: first.id },
    { kind: 'replayed', id: first.id },
    { kind: 'accepted', id: expect.any(String) },
    { kind: 'conflict', id: first.id },
  ]);
  expect(await counts()).toEqual({ transaction: 2, event: 2, outbox: 2, lane: 0, idempotency: 1 });
});

test('idempotency keys across batches', async () => {
  const first = submission({ idempotencyKey: 'k', key: 'lane' });
  await store.accept([first]);
  const outcomes = await store.accept([
    submission({ idempotencyKey: 'k', key: 'lane' }),
    submission({ idempotencyKey: 'k', payload: {} }),
  ]);
  expect(outcomes).toEqual([
    { kind: 'replayed', id: first.id },
    { kind: 'conflict', id: first.id },
  ]);
  expect(await counts()).toEqual({ transaction: 1, event: 1, outbox: 1, lane: 1, idempotency: 1 });
});

test('a hundred equal idempotency keys at once, keyed and not: one transaction', async () => {
  for (const key of [undefined, 'lane']) {
    const idempotencyKey = `same-${key}`;
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => store.accept([submission({ idempotencyKey, key })])),
    );
    const flat = outcomes.flat();
    expect(kinds(flat).filter((kind) => kind === 'accepted').length).toBe(1);
    expect(kinds(flat).filter((kind) => kind === 'replayed').length).toBe(99);
    expect(new Set(flat.map(({ id }) => id)).size).toBe(1);
  }
  expect(await counts()).toEqual({ transaction: 2, event: 2, outbox: 2, lane: 1, idempotency: 2 });
});

test('the same idempotency keys in batches of different order do not deadlock', async () => {
  const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`);
  const accepted: AcceptOutcome[] = [];
  for (let round = 0; round < 10; round++) {
    const random = seeded(round);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        store.accept(
          shuffled(keys, random).map((key, index) =>
            submission({
              idempotencyKey: `${round}-${key}`,
              // Lanes take locks of their own, which would hide it.
              key: round % 2 === 0 && index % 3 === 0 ? `lane-${index % 20}` : undefined,
            }),
          ),
        ),
      ),
    );
    accepted.push(...outcomes.flat().filter(({ kind }) => kind === 'accepted'));
  }
  expect(accepted.length).toBe(2_000);
});

test('bulk lines sent again are replays, changed lines conflicts, also twice in one batch', async () => {
  const lines = (payload: unknown, keyed = false): Submission[] =>
    Array.from({ length: 20 }, (_, line) =>
      submission({
        id: bulkLineIds('b', 1_700_000_000_000)(line),
        payload,
        key: keyed && line % 2 === 0 ? 'K' : undefined,
      }),
    );
  expect(new Set(kinds(await store.accept(lines(PAYLOAD))))).toEqual(new Set(['accepted']));
  expect(new Set(kinds(await store.accept(lines(PAYLOAD))))).toEqual(new Set(['replayed']));
  expect(new Set(kinds(await store.accept(lines({ other: 1 }))))).toEqual(new Set(['conflict']));
  expect(await counts()).toMatchObject({ transaction: 20, event: 20, outbox: 20 });
});

test('the same bulk line twice in one batch is stored once', async () => {
  const id = bulkLineIds('twice', 1_700_000_000_000)(1);
  const batch = [
    submission({ id }),
    submission(),
    submission({ id }),
    submission({ id, payload: { other: 1 } }),
  ];
  expect(kinds(await store.accept(batch))).toEqual(['accepted', 'accepted', 'replayed', 'conflict']);
  const keyed = bulkLineIds('twice', 1_700_000_000_000)(2);
  const again = [submission({ id: keyed, key: 'K' }), submission({ id: keyed, key: 'K' })];
  expect(kinds(await store.accept(again))).toEqual(['accepted', 'replayed']);
  expect(await counts()).toMatchObject({ transaction: 3, event: 3, outbox: 3, lane: 1 });
});

test('the same bulk batch over two connections at once is stored once', async () => {
  const lines = Array.from({ length: 300 }, (_, line) =>
    submission({
      id: bulkLineIds('two', 1_700_000_000_000)(line),
      key: line % 5 === 0 ? `K${line % 3}` : undefined,
    }),
  );
  const random = seeded(5);
  // As from two streams: each in order of lines.
  const batches = [...pieces(lines, 60, random), ...pieces(lines, 60, random)];
  const outcomes: AcceptOutcome[] = [];
  await byWorkers(8, shuffled(batches, random), async (batch) => {
    outcomes.push(...(await store.accept(batch)));
  });
  expect(kinds(outcomes).filter((kind) => kind === 'accepted').length).toBe(300);
  expect(kinds(outcomes).filter((kind) => kind === 'replayed').length).toBe(300);
  expect(await counts()).toMatchObject({ transaction: 300, event: 300, outbox: 300, lane: 60 });
});

test('a bulk batch has one creation time, whoever opens it first', async () => {
  const times = await Promise.all(Array.from({ length: 20 }, () => store.openBatch('b')));
  expect(new Set(times).size).toBe(1);
  expect(Math.abs(times[0]! - Date.now())).toBeLessThan(60_000);
  expect(Number.isInteger(times[0])).toBe(true);
});

test('the order of a lane is the order of the commits', async () => {
  const reader = database.store(1);
  const seen: string[] = [];
  const accepting = new AbortController();
  const watch = (async () => {
    while (!accepting.signal.aborted) {
      const rows = await reader.query<{ id: string }>(
        `select transaction_id as id from key_lane where key = 'lane' order by seq`,
        [],
      );
      // Nothing may ever appear before what has been seen.
      expect(rows.slice(0, seen.length).map(({ id }) => id)).toEqual(seen);
      for (const { id } of rows.slice(seen.length)) seen.push(id);
    }
  })();
  const random = seeded(1);
  await byWorkers(
    8,
    Array.from({ length: 200 }, (_, n) => n),
    async () => {
      const others = Array.from({ length: Math.floor(random() * 30) }, (_, n) =>
        submission({ key: `other-${n}` }),
      );
      await store.accept(shuffled([...others, submission({ key: 'lane' })], random));
    },
  ).finally(() => accepting.abort());
  await watch;
  const outbox = await store.query<{ id: string }>(
    `select o.transaction_id as id from outbox o where o.key = 'lane' order by o.id`,
    [],
  );
  const lane = await store.query<{ id: string }>(
    `select transaction_id as id from key_lane where key = 'lane' order by seq`,
    [],
  );
  expect(lane.length).toBe(200);
  expect(outbox).toEqual(lane);
});

test('a row that cannot be stored fails its batch as a whole', async () => {
  const bad = { ...submission(), data: '{' };
  await expect(store.accept([submission(), bad])).rejects.toMatchObject({ code: '22P02' });
  expect(await counts()).toMatchObject({ transaction: 0, outbox: 0 });
});
