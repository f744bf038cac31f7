import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { DeadLetter, OutboxRow } from '../../services/store/port.ts';
import { SHARDS, shardOf } from '../../services/store/shard.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { submission } from '../fixtures/transactions.ts';

const ALL = Array.from({ length: SHARDS }, (_, shard) => shard);

let database: TestDatabase;
let store: PgStore;

beforeAll(async () => {
  database = await createTestDatabase('claim');
  store = database.store(8);
});
afterAll(() => database.drop());
beforeEach(() =>
  store.query('truncate transaction, event, outbox, key_lane, dead_letter restart identity', []),
);

async function outboxSize(): Promise<number> {
  const [row] = await store.query<{ count: number }>('select count(*)::int as count from outbox', []);
  return row!.count;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('hands rows over with what they point to, oldest first, and deletes them', async () => {
  const batch = Array.from({ length: 5 }, () => submission());
  await store.accept(batch);
  const rows: OutboxRow[] = [];
  expect(await store.claim(ALL, 3, async (claimed) => void rows.push(...claimed))).toBe(3);
  expect(await store.claim(ALL, 3, async (claimed) => void rows.push(...claimed))).toBe(2);
  expect(await store.claim(ALL, 3, () => Promise.reject(new Error('there is nothing to send')))).toBe(0);
  expect(rows.map(({ content }) => content)).toMatchObject(
    batch.map(({ id, data, traceparent }) => ({
      kind: 'event',
      transactionId: id,
      version: 1,
      event: 'new',
      data,
      traceparent,
    })),
  );
  expect(rows[0]!.content).toMatchObject({ at: expect.any(Date) });
});

test('claims only the shards it is asked for', async () => {
  const batch = Array.from({ length: 50 }, () => submission());
  await store.accept(batch);
  const even = ALL.filter((shard) => shard % 2 === 0);
  const rows: OutboxRow[] = [];
  await store.claim(even, 100, async (claimed) => void rows.push(...claimed));
  const expected = batch.filter(({ shard }) => shard % 2 === 0).map(({ key }) => key);
  expect(rows.map(({ key }) => key)).toEqual(expected);
});

test('a send that fails leaves every row in its place', async () => {
  await store.accept(Array.from({ length: 5 }, () => submission()));
  const away = new Error('Kafka is away');
  await expect(store.claim(ALL, 10, () => Promise.reject(away))).rejects.toBe(away);
  expect(await outboxSize()).toBe(5);
  const rows: OutboxRow[] = [];
  await store.claim(ALL, 10, async (claimed) => void rows.push(...claimed));
  expect(rows.length).toBe(5);
});

test('a shard in the hands of one is left alone by the others', async () => {
  await store.accept(Array.from({ length: 20 }, () => submission()));
  let inner = -1;
  await store.claim(ALL, 5, async () => {
    inner = await store.claim(ALL, 100, () => Promise.reject(new Error('claimed by somebody else')));
  });
  expect(inner).toBe(0);
  expect(await outboxSize()).toBe(15);
});

test('two relays of four loops under load: every row once, each key in order', async () => {
  const sent: OutboxRow[] = [];
  const sending = new Set<number>();
  let together = 0;
  const accepting = new AbortController();
  const relays = [database.store(6), database.store(6)];
  let failures = 0;
  const loop = async (relay: PgStore, index: number): Promise<void> => {
    const shards = ALL.filter((shard) => shard % 4 === index);
    for (let idle = 0; idle < 3;) {
      const last = accepting.signal.aborted;
      const count = await relay
        .claim(shards, 40, async (rows) => {
          const held = new Set(rows.map(({ key }) => shardOf(key)));
          for (const shard of held) {
            if (sending.has(shard)) together++;
            sending.add(shard);
          }
          await sleep(Math.random() * 5);
          for (const shard of held) sending.delete(shard);
          if (Math.random() < 0.1) throw new Error('a send failed');
          sent.push(...rows);
        })
        .catch(() => {
          failures++;
          return -1;
        });
      idle = last && count === 0 ? idle + 1 : 0;
      if (count === 0) await sleep(5);
    }
  };
  const accept = async (): Promise<void> => {
    for (let n = 0; n < 40; n++) {
      const batch = Array.from({ length: 25 }, (_, i) => submission({ key: `K${(n + i) % 30}` }));
      await store.accept(batch);
    }
  };
  const accepted = Promise.all([accept(), accept()]).finally(() => accepting.abort());
  await Promise.all([
    accepted,
    ...relays.flatMap((relay) => [0, 1, 2, 3].map((index) => loop(relay, index))),
  ]);
  expect(failures).toBeGreaterThan(0);
  expect(together).toBe(0);
  expect(sent.length).toBe(2_000);
  expect(new Set(sent.map(({ outboxId }) => outboxId)).size).toBe(2_000);
  const lanes = await store.query<{ key: string; ids: string[] }>(
    'select key, array_agg(transaction_id::text order by seq) as ids from key_lane group by key',
    [],
  );
  for (const { key, ids } of lanes) {
    const inOrder = sent
      .filter((row) => row.key === key)
      .map(({ content }) => (content.kind === 'event' ? content.transactionId : ''));
    expect(inOrder).toEqual(ids);
  }
});

test('a relay whose connection is killed in the middle loses nothing', async () => {
  await store.accept(Array.from({ length: 30 }, () => submission()));
  const doomed = database.store(1);
  const first: OutboxRow[] = [];
  await expect(
    doomed.claim(ALL, 10, async (rows) => {
      first.push(...rows);
      await store.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction'`,
        [],
      );
    }),
  ).rejects.toThrow(/terminat|not queryable/i);
  expect(await outboxSize()).toBe(30);
  const again: OutboxRow[] = [];
  await store.claim(ALL, 100, async (rows) => void again.push(...rows));
  expect(again.slice(0, 10)).toEqual(first);
  expect(again.length).toBe(30);
  // The pool has thrown the dead connection away.
  await store.accept([submission()]);
  expect(await doomed.claim(ALL, 10, async () => {})).toBe(1);
});

const letter = (more: Partial<DeadLetter> = {}): DeadLetter => ({
  topic: 'sluice.transactions.new',
  partition: 3,
  offset: '42',
  key: Buffer.from('K'),
  value: Buffer.from([0xff, 0x00, 0x7b]),
  headers: { ce_id: 'x' },
  stage: 'validate',
  cause: 'bad-json',
  message: 'The value is not JSON.',
  attempts: 1,
  ...more,
});

test('a dead letter is stored and queued once, however often it is delivered', async () => {
  const another = letter({ offset: '43' });
  await Promise.all(Array.from({ length: 10 }, () => store.deadLetter([letter(), another, letter()])));
  // The same place in a topic that was made anew.
  await store.deadLetter([letter({ value: Buffer.from('other') })]);
  const rows: OutboxRow[] = [];
  await store.claim(ALL, 10, async (claimed) => void rows.push(...claimed));
  expect(rows.length).toBe(3);
  expect(rows[0]!.content).toMatchObject({
    kind: 'dead-letter',
    redrive: false,
    topic: 'sluice.transactions.new',
    key: Buffer.from('K'),
    value: Buffer.from([0xff, 0x00, 0x7b]),
    headers: {
      ce_id: 'x',
      sluice_cause: 'bad-json',
      sluice_origin_topic: 'sluice.transactions.new',
      sluice_origin_partition: '3',
      sluice_origin_offset: '42',
      sluice_stage: 'validate',
      sluice_attempts: '1',
    },
  });
});

test.each([
  ['NUL in a header', { headers: { ce_id: 'a\0b', 'na\0me': 'x' } }],
  ['NUL in the message', { message: 'a\0b' }],
  ['a lone surrogate', { headers: { ce_id: '\ud800' }, message: '\udfff' }],
  ['no key and no value', { key: null, value: null }],
  ['a megabyte', { value: Buffer.alloc(1 << 20, 1) }],
])('a dead letter may hold anything: %s', async (_name, more: Partial<DeadLetter>) => {
  await store.deadLetter([letter(more)]);
  let claimed: OutboxRow[] = [];
  await store.claim(ALL, 10, async (rows) => void (claimed = rows));
  expect(claimed.length).toBe(1);
});
