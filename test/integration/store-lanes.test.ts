import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Order } from '../../services/domain/state-machine.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { Submission } from '../../services/store/port.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { byWorkers, seeded, shuffled } from '../fixtures/shuffle.ts';
import { change, submission } from '../fixtures/transactions.ts';

const ORDERS: readonly Order[] = ['chained', 'fanOut'];

let database: TestDatabase;
let store: PgStore;

beforeAll(async () => {
  database = await createTestDatabase('lanes');
  store = database.store(16);
});
afterAll(() => database.drop());
beforeEach(() => store.query('truncate transaction, event, outbox, key_lane, idempotency', []));

async function acceptLane(key: string, order: Order, count: number): Promise<Submission[]> {
  const lane = Array.from({ length: count }, () => submission({ key, order }));
  for (const one of lane) await store.accept([one]);
  return lane;
}

async function unblocked(lane: readonly Submission[]): Promise<number[]> {
  const found = await store.progress(lane.map(({ id }) => id));
  return lane.flatMap(({ id }, index) => (found.get(id)!.blocked ? [] : [index]));
}

/** What has been queued since the last call, as `<index in lane>:<event>`. */
async function drainOutbox(lane: readonly Submission[]): Promise<string[]> {
  const queued: string[] = [];
  const shards = Array.from({ length: 16 }, (_, shard) => shard);
  await store.claim(shards, 10_000, async (rows) => {
    for (const { content } of rows) {
      if (content.kind !== 'event') continue;
      queued.push(`${lane.findIndex(({ id }) => id === content.transactionId)}:${content.event}`);
    }
  });
  return queued;
}

test.each(ORDERS)('%s: only the head of a lane is unblocked, and leaving wakes the next', async (order) => {
  const lane = await acceptLane('K', order, 4);
  await store.apply(lane.map((one) => change(one, 'validated')));
  await drainOutbox(lane);
  expect(await unblocked(lane)).toEqual([0]);
  await store.apply([change(lane[0]!, 'remote-responded')]);
  expect(await unblocked(lane.slice(1))).toEqual([0]);
  const resume = order === 'chained' ? 'validated' : 'new';
  expect(await drainOutbox(lane)).toEqual(['0:remote-responded', `1:${resume}`]);
  await store.apply([change(lane[0]!, 'done')]);
  expect(await drainOutbox(lane)).toEqual(['0:done']);
});

test('without a key of the client there is no lane', async () => {
  const alone = [submission(), submission()];
  await store.accept(alone);
  expect(await unblocked(alone)).toEqual([0, 1]);
});

test('the next one is not woken before it is valid; it then finds itself unblocked', async () => {
  const lane = await acceptLane('K', 'chained', 2);
  await store.apply([change(lane[0]!, 'rejected')]);
  await drainOutbox(lane);
  await store.apply([change(lane[1]!, 'validated')]);
  expect(await drainOutbox(lane)).toEqual(['1:validated']);
  expect(await unblocked(lane.slice(1))).toEqual([0]);
});

test('several of a lane that end in one statement wake the first of those left', async () => {
  const lane = await acceptLane('K', 'chained', 5);
  await store.apply(lane.map((one) => change(one, 'validated')));
  await drainOutbox(lane);
  await store.apply([0, 2, 1].map((index) => change(lane[index]!, 'failed')));
  expect(await drainOutbox(lane)).toEqual(['0:failed', '2:failed', '1:failed', '3:validated']);
  expect(await unblocked(lane.slice(3))).toEqual([0]);
});

test.each(ORDERS)(
  '%s: a chain of 50 on each of three keys runs in the order of its acceptance',
  async (order) => {
    const lanes: Submission[] = [];
    for (let n = 0; n < 50; n++)
      for (const key of ['A', 'B', 'C']) {
        const one = submission({ key, order });
        lanes.push(one);
        await store.accept([one]);
      }
    const byId = new Map(lanes.map((one) => [one.id, one]));
    const called: string[] = [];
    const random = seeded(7);
    // A model of the stages: validates everything, calls what is unblocked, persists; drops what is not.
    const handle = async (one: Submission, event: string): Promise<void> => {
      if (event === 'new') await store.apply([change(one, 'validated')]);
      const callOn = order === 'chained' ? 'validated' : 'new';
      if (event === 'remote-responded' || event === 'validated') await store.apply([change(one, 'done')]);
      if (event !== callOn) return;
      const now = (await store.progress([one.id])).get(one.id)!;
      if (now.blocked || !['accepted', 'validated'].includes(now.state)) return;
      if (order === 'chained' && now.state === 'accepted') return;
      called.push(one.id);
      await store.apply([change(one, 'remote-responded')]);
    };
    for (let idle = 0; idle < 3;) {
      const batch: { id: string; event: string }[] = [];
      await store.claim(
        Array.from({ length: 16 }, (_, shard) => shard),
        500,
        async (rows) => {
          for (const { content } of rows)
            if (content.kind === 'event') batch.push({ id: content.transactionId, event: content.event });
        },
      );
      idle = batch.length === 0 ? idle + 1 : 0;
      await byWorkers(8, shuffled(batch, random), ({ id, event }) => handle(byId.get(id)!, event));
    }
    for (const key of ['A', 'B', 'C']) {
      const lane = lanes.filter((one) => one.key === key).map(({ id }) => id);
      const calls = [...new Set(called)].filter((id) => byId.get(id)!.key === key);
      expect(calls).toEqual(lane);
    }
    const [left] = await store.query<{ count: number }>('select count(*)::int as count from key_lane', []);
    expect(left!.count).toBe(0);
  },
);

test('the next becomes valid while the head is leaving: it is woken, or finds itself unblocked', async () => {
  const lane = await acceptLane('K', 'chained', 2);
  const other = submission();
  await store.accept([other]);
  await store.apply([change(lane[0]!, 'validated'), change(other, 'validated')]);
  await drainOutbox(lane);
  // The statement in which the head leaves is held up by another row, so it sees the next as it was before.
  const holder = await store.pool.connect();
  await holder.query('begin');
  await holder.query('select from transaction where id = $1 for update', [other.id]);
  const leaving = store.apply([change(lane[0]!, 'remote-responded'), change(other, 'remote-responded')]);
  await heldUp();
  await store.apply([change(lane[1]!, 'validated')]);
  expect(await drainOutbox(lane)).toEqual(['1:validated']);
  const dropped = (await unblocked(lane)).includes(1) ? [] : ['1:validated'];
  await holder.query('commit');
  holder.release();
  await leaving;
  expect((await drainOutbox(lane)).filter((queued) => queued.startsWith('1:'))).toEqual(dropped);
});

test('two neighbours leave at the same time: the one behind them is woken', async () => {
  const lane = await acceptLane('K', 'chained', 3);
  const other = submission();
  await store.accept([other]);
  await store.apply([...lane, other].map((one) => change(one, 'validated')));
  await drainOutbox(lane);
  const holder = await store.pool.connect();
  await holder.query('begin');
  await holder.query('select from transaction where id = $1 for update', [other.id]);
  const leaving = store.apply([change(lane[0]!, 'remote-responded'), change(other, 'remote-responded')]);
  await heldUp();
  await store.apply([change(lane[1]!, 'failed')]);
  await holder.query('commit');
  holder.release();
  await leaving;
  expect(await drainOutbox(lane)).toContain('2:validated');
});

/** Resolves once a statement waits for a lock. */
async function heldUp(): Promise<void> {
  for (;;) {
    const [row] = await store.query<{ waiting: boolean }>(
      `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting`,
      [],
    );
    if (row!.waiting) return;
  }
}
