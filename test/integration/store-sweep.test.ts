import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EventName, Order, State } from '../../services/domain/state-machine.ts';
import { resumeEvent } from '../../services/domain/state-machine.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import type { Submission, SweepHorizon } from '../../services/store/port.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { change, submission } from '../fixtures/transactions.ts';

const AFTER_SECONDS = 30;

let database: TestDatabase;
let store: PgStore;

beforeAll(async () => {
  database = await createTestDatabase('sweep');
  store = database.store(8);
});
afterAll(() => database.drop());
beforeEach(() =>
  store.query('truncate transaction, event, outbox, key_lane, dead_letter, idempotency, bulk_batch', []),
);

/** As if it had last moved that long ago. */
async function age(of: Submission, seconds: number): Promise<void> {
  await store.query(
    `update transaction set updated_at = updated_at - make_interval(secs => $2),
       next_attempt_at = next_attempt_at - make_interval(secs => $2) where id = $1`,
    [of.id, seconds],
  );
}

async function queued(): Promise<string[]> {
  const events: string[] = [];
  await store.claim(
    Array.from({ length: 16 }, (_, shard) => shard),
    1_000,
    async (rows) => {
      for (const { content } of rows) if (content.kind === 'event') events.push(content.event);
    },
  );
  return events;
}

async function accepted(...of: Submission[]): Promise<void> {
  await store.accept(of);
  await queued();
}

const horizon = (state: State, order: Order = 'chained', secondsAgo = 0): SweepHorizon => ({
  order,
  state,
  before: new Date(Date.now() - secondsAgo * 1_000),
});
const sweep = (...horizons: SweepHorizon[]): Promise<number> => store.sweep(horizons, AFTER_SECONDS, 100);

const PATHS: readonly (readonly [Order, State, readonly EventName[]])[] = [
  ['chained', 'accepted', []],
  ['chained', 'validated', ['validated']],
  ['chained', 'processed', ['validated', 'remote-responded']],
  ['chained', 'compensating', ['validated', 'compensation-requested']],
  ['fanOut', 'accepted', []],
  ['fanOut', 'validated', ['validated']],
  ['fanOut', 'responded', ['remote-responded']],
  ['fanOut', 'processed', ['remote-responded', 'validated']],
  ['fanOut', 'compensating', ['compensation-requested']],
];

test.each(PATHS)('%s, %s: what has stood still gets its event again, once', async (order, state, path) => {
  const lost = submission({ order });
  const fresh = submission({ order });
  await accepted(lost, fresh);
  for (const event of path) await store.apply([change(lost, event), change(fresh, event)]);
  await queued();
  await age(lost, AFTER_SECONDS + 1);
  expect(await sweep(horizon(state, order))).toBe(1);
  expect(await queued()).toEqual([resumeEvent(order, state)]);
  expect(await sweep(horizon(state, order))).toBe(0);
});

test('waits twice as long each time, and begins anew after a move', async () => {
  const lost = submission();
  await accepted(lost);
  for (let round = 0; round < 12; round++) {
    const waitSeconds = AFTER_SECONDS * 2 ** Math.min(round, 10);
    await age(lost, waitSeconds - 5);
    expect(await sweep(horizon('accepted'))).toBe(0);
    await age(lost, 10);
    expect(await sweep(horizon('accepted'))).toBe(1);
    await store.query('update transaction set updated_at = clock_timestamp()', []);
  }
  await store.apply([change(lost, 'validated')]);
  await age(lost, AFTER_SECONDS + 1);
  expect(await sweep(horizon('validated'))).toBe(1);
});

test('touches neither another state or order, nor what is beyond the horizon or at its end', async () => {
  const one = submission();
  const ended = submission();
  await accepted(one, ended);
  await store.apply([change(ended, 'rejected')]);
  await queued();
  for (const of of [one, ended]) await age(of, 100);
  expect(await sweep(horizon('validated'), horizon('accepted', 'fanOut'))).toBe(0);
  expect(await sweep(horizon('accepted', 'chained', 110))).toBe(0);
  expect(await sweep({ order: 'chained', state: 'rejected', before: new Date() })).toBe(0);
  expect(await sweep()).toBe(0);
  expect(await sweep(horizon('accepted', 'chained', 90))).toBe(0);
  // Its id says that it was made just now, so only a horizon of now finds it.
  expect(await sweep(horizon('accepted'))).toBe(1);
});

test('leaves alone what waits for a retry', async () => {
  const one = submission();
  await accepted(one);
  await store.apply([change(one, 'validated')]);
  await store.apply([change(one, 'retry-scheduled', { delayMs: 3_600_000 })]);
  await age(one, 100);
  expect(await sweep(horizon('validated'))).toBe(0);
});

test('leaves alone what waits behind the head of its lane', async () => {
  const head = submission({ key: 'K' });
  const next = submission({ key: 'K' });
  await accepted(head);
  await accepted(next);
  await store.apply([change(head, 'validated'), change(next, 'validated')]);
  await queued();
  for (const of of [head, next]) await age(of, 100);
  expect(await sweep(horizon('validated'))).toBe(1);
  await store.apply([change(head, 'failed')]);
  // Woken: its event is on its way, so it counts from now.
  expect(await queued()).toContain('failed');
  expect(await sweep(horizon('validated'))).toBe(0);
  await age(next, 100);
  expect(await sweep(horizon('validated'))).toBe(1);
});

test('leaves alone what has an open dead letter, until it is redriven', async () => {
  const one = submission();
  await accepted(one);
  await age(one, 100);
  const origin = { topic: 't', partition: 0, offset: '1', key: null, value: null, headers: {} };
  const why = { stage: 'validate', cause: 'step-failed', message: 'm', attempts: 1 } as const;
  await store.deadLetter([{ ...origin, ...why, transactionId: one.id }]);
  expect(await sweep(horizon('accepted'))).toBe(0);
  await store.query('update dead_letter set redriven_at = now()', []);
  expect(await sweep(horizon('accepted'))).toBe(1);
});

test('two sweepers at once publish each event once', async () => {
  const many = Array.from({ length: 100 }, () => submission());
  await accepted(...many);
  await store.query(`update transaction set updated_at = updated_at - interval '100 s'`, []);
  const counts = await Promise.all(Array.from({ length: 4 }, () => sweep(horizon('accepted'))));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
  expect((await queued()).length).toBe(100);
});

test('retries are published when they are due, once, whoever asks', async () => {
  const due = submission();
  const later = submission();
  await accepted(due, later);
  for (const of of [due, later]) await store.apply([change(of, 'validated')]);
  await queued();
  await store.apply([change(due, 'retry-scheduled', { delayMs: 30, attempt: 2, ambiguous: true })]);
  await store.apply([change(later, 'retry-scheduled', { delayMs: 600_000, attempt: 1 })]);
  expect(await queued()).toEqual([]);
  expect((await store.progress([due.id])).get(due.id)).toMatchObject({ attempts: 2, ambiguous: true });
  expect((await store.progress([later.id])).get(later.id)).toMatchObject({ waiting: true });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const counts = await Promise.all(Array.from({ length: 4 }, () => store.emitDueRetries(100)));
  expect(counts.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1]);
  expect(await queued()).toEqual(['validated']);
  expect((await store.progress([due.id])).get(due.id)).toMatchObject({ waiting: false });
  expect((await store.find(due.id))!.nextAttemptAt).toBeNull();
});

test('what moves on is no longer waiting for its retry', async () => {
  const one = submission({ order: 'fanOut' });
  await accepted(one);
  await store.apply([change(one, 'retry-scheduled', { delayMs: 0 })]);
  await store.apply([change(one, 'compensation-requested')]);
  await queued();
  expect(await store.emitDueRetries(100)).toBe(0);
});

test('fan-out: a validation that comes after a refusal leaves the retry scheduled', async () => {
  const one = submission({ order: 'fanOut' });
  await accepted(one);
  await store.apply([change(one, 'retry-scheduled', { delayMs: 0 })]);
  await store.apply([change(one, 'validated')]);
  await queued();
  expect((await store.find(one.id))!).toMatchObject({ state: 'validated', nextAttemptAt: expect.any(Date) });
  expect(await store.emitDueRetries(100)).toBe(1);
  expect(await queued()).toEqual(['new']);
});

test('overdue: what is past its deadline with no call under way', async () => {
  const past = new Date(Date.now() - 1_000);
  const soon = new Date(Date.now() + 3_600_000);
  const waiting = submission({ deadline: past });
  const calling = submission({ deadline: past });
  const between = submission({ deadline: past });
  const early = submission({ deadline: soon });
  const ended = submission({ deadline: past });
  const join = submission({ deadline: past, order: 'fanOut' });
  await accepted(waiting, calling, between, early, ended, join, submission());
  for (const of of [calling, between]) await store.apply([change(of, 'validated')]);
  await store.apply([change(between, 'retry-scheduled', { delayMs: 60_000, ambiguous: true })]);
  await store.apply([change(ended, 'rejected')]);
  await store.apply([change(join, 'remote-responded')]);
  const found = await store.overdue(100);
  expect(new Map(found.map(({ id, ambiguous }) => [id, ambiguous]))).toEqual(
    new Map([
      [waiting.id, false],
      [between.id, true],
      [join.id, false],
    ]),
  );
  expect(found[0]).toMatchObject({ payload: JSON.parse(waiting.data).payload, deadline: past });
  expect((await store.overdue(1)).length).toBe(1);
  expect((await store.progress([calling.id])).get(calling.id)).toMatchObject({ overdue: true });
});

test('tells the age of the outbox by the clock of the database', async () => {
  expect(await store.outboxAgeSeconds()).toBe(0);
  expect((await store.outboxState()).oldest).toBeUndefined();
  await store.accept([submission()]);
  await store.query(`update outbox set created_at = created_at - interval '90 s'`, []);
  await store.accept([submission()]);
  const { now, oldest } = await store.outboxState();
  expect((now.getTime() - oldest!.getTime()) / 1_000).toBeCloseTo(90, 0);
  expect(await store.outboxAgeSeconds()).toBeCloseTo(90, 0);
});

test('purge forgets old idempotency keys and bulk batches, and nothing else', async () => {
  await store.accept([submission({ idempotencyKey: 'old' }), submission({ idempotencyKey: 'new' })]);
  await store.openBatch('old');
  await store.openBatch('new');
  for (const [table, column] of [
    ['idempotency', 'key'],
    ['bulk_batch', 'id'],
  ])
    await store.query(
      `update ${table} set created_at = created_at - interval '49 hours' where ${column} = 'old'`,
      [],
    );
  expect(await store.purge(48)).toBe(2);
  expect(await store.purge(48)).toBe(0);
  const [outcome] = await store.accept([submission({ idempotencyKey: 'new' })]);
  expect(outcome!.kind).toBe('replayed');
});
