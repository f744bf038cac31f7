import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RuleName } from '../../services/cli/verify/rules.ts';
import { verify } from '../../services/cli/verify.ts';
import type { EventName } from '../../services/domain/state-machine.ts';
import { unsettled } from '../../services/store/pg/audit.ts';
import { backlog } from '../../services/store/pg/backlog.ts';
import {
  findLetter,
  knownLetters,
  letterGroups,
  listLetters,
  newestLetter,
  redriveLetters,
} from '../../services/store/pg/dlq.ts';
import type { PgStore } from '../../services/store/pg/pg-store.ts';
import { lettersNaming, transactionFacts } from '../../services/store/pg/why.ts';
import type { DeadLetter, Submission } from '../../services/store/port.ts';
import { payment } from '../../services/transactions/payment/payment.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { change, submission } from '../fixtures/transactions.ts';

const { settleSql } = payment('payment', 'chained');

let database: TestDatabase;
let store: PgStore;
let remote: Server;
/** The remote system's books: what GET /ledger answers. */
const ledger = new Map<string, { effects: number; reversals: number; seq: number }>();

beforeAll(async () => {
  database = await createTestDatabase('cli');
  store = database.store();
  remote = createServer((_request, response) => {
    const lines = [...ledger].map(([key, entry]) => `${JSON.stringify({ key, ...entry })}\n`);
    response.end(lines.join(''));
  });
  remote.listen(0, '127.0.0.1');
  await once(remote, 'listening');
});
afterAll(async () => {
  remote.close();
  remote.closeAllConnections();
  await database.drop();
});
beforeEach(async () => {
  ledger.clear();
  await store.query(
    'truncate transaction, event, outbox, key_lane, payment, idempotency, dead_letter restart identity',
    [],
  );
});

const sql = (text: string, values: readonly unknown[] = []): Promise<unknown[]> => store.query(text, values);

async function move(of: Submission, ...events: EventName[]): Promise<void> {
  for (const event of events) await store.apply([change(of, event)]);
}

/** To its end, as the stages would: with its effect at the remote. */
async function complete(of: Submission): Promise<void> {
  await move(of, 'validated', 'remote-responded');
  const data = JSON.parse(change(of, 'done').data) as { response: unknown };
  const done = change(of, 'done', { data: JSON.stringify({ ...data, result: data.response }) });
  expect(await store.apply([done], { settleSql })).toEqual([]);
  ledger.set(of.id, { effects: 1, reversals: 0, seq: ledger.size });
}

describe('verify', () => {
  /** One of each kind of end and of being under way, nothing wrong with any. */
  async function settled(): Promise<Record<'done' | 'keyed' | 'keyedLater' | 'undone' | 'rejected', string>> {
    const [done, undone, rejected] = [submission({ idempotencyKey: 'i' }), submission(), submission()];
    const [keyed, keyedLater] = [submission({ key: 'K' }), submission({ key: 'K' })];
    const open = [submission(), submission({ key: 'L' }), submission({ order: 'fanOut', key: 'L' })];
    for (const one of [done, undone, rejected, keyed, keyedLater, ...open]) await store.accept([one]);
    for (const one of [done, keyed, keyedLater]) await complete(one);
    await move(undone, 'validated', 'compensation-requested', 'compensated');
    ledger.set(undone.id, { effects: 1, reversals: 1, seq: 90 });
    await move(rejected, 'rejected');
    await move(open[1]!, 'validated', 'retry-scheduled');
    const ids = { done, keyed, keyedLater, undone, rejected };
    return Object.fromEntries(Object.entries(ids).map(([name, { id }]) => [name, id])) as never;
  }

  const audit = () => {
    const remoteUrl = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`;
    return verify({ databaseUrl: database.url, remoteUrl, requireLedger: true });
  };

  test('finds nothing wrong where nothing is, and counts what there is', async () => {
    await settled();
    const report = await audit();
    expect(report.rules.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(report).toMatchObject({ ok: true, ledger: { status: 'read', keys: 4 } });
    expect(report.counts).toMatchObject({
      accepted: 8,
      done: 3,
      compensated: 1,
      rejected: 1,
      inFlight: 3,
      inFlightByState: { accepted: 2, validated: 1 },
    });
    for (const { rule, checked } of report.rules) expect({ rule, checked }).not.toEqual({ rule, checked: 0 });
  });

  type Ids = Awaited<ReturnType<typeof settled>>;
  type Damage = (ids: Ids) => unknown;
  const damages: readonly [RuleName, string, Damage][] = [
    [
      'settlement',
      'a row is gone',
      ({ rejected }) => sql('delete from transaction where id = $1', [rejected]),
    ],
    ['events-belong', 'a row is gone', ({ done }) => sql('delete from transaction where id = $1', [done])],
    [
      'legal-path',
      'a gap in the log',
      ({ done }) => sql('update event set version = 9 where transaction_id = $1 and version = 4', [done]),
    ],
    [
      'row-is-fold',
      'a row that was set by hand',
      ({ done }) => sql('update transaction set attempts = 7 where id = $1', [done]),
    ],
    [
      'one-terminal',
      'a row that was opened again',
      ({ done }) => sql(`update transaction set state = 'processed', outcome = null where id = $1`, [done]),
    ],
    [
      'business-row',
      'no payment',
      ({ done }) => sql('delete from payment where transaction_id = $1', [done]),
    ],
    [
      'business-row',
      'another amount',
      ({ done }) => sql('update payment set amount = amount + 1 where transaction_id = $1', [done]),
    ],
    [
      'lane',
      'a lane that is barred',
      ({ keyed }) => sql(`insert into key_lane (key, transaction_id) values ('K', $1)`, [keyed]),
    ],
    ['lane', 'a place that was lost', () => sql(`delete from key_lane where key = 'L'`)],
    ['done-effect', 'no effect', ({ done }) => ledger.delete(done)],
    [
      'compensated-effect',
      'an effect that stands',
      ({ undone }) => ledger.set(undone, { effects: 1, reversals: 0, seq: 90 }),
    ],
    [
      'no-effect',
      'an effect of what was rejected',
      ({ rejected }) => ledger.set(rejected, { effects: 1, reversals: 0, seq: 91 }),
    ],
    [
      'known-effect',
      'an effect of nobody',
      () => ledger.set(submission().id, { effects: 1, reversals: 0, seq: 92 }),
    ],
    ['one-effect', 'two effects', ({ done }) => ledger.set(done, { effects: 2, reversals: 0, seq: 0 })],
    [
      'key-order',
      'the later one first',
      ({ keyed, keyedLater }) => {
        ledger.set(keyed, { effects: 1, reversals: 0, seq: 51 });
        ledger.set(keyedLater, { effects: 1, reversals: 0, seq: 50 });
      },
    ],
    ['outbox-age', 'an old row', () => sql(`update outbox set created_at = now() - interval '2 minutes'`)],
    [
      'outbox-target',
      'a row that points nowhere',
      () => sql('insert into outbox (shard, key, dead_letter_id) values (0, $1, 4711)', ['']),
    ],
    [
      'idempotency-target',
      'a key of nobody',
      () => sql('insert into idempotency values ($1, $1, $2)', ['k', submission().id]),
    ],
  ];

  test.each(damages)('%s: %s', async (rule, _what, damage) => {
    await damage(await settled());
    const report = await audit();
    expect(report.ok).toBe(false);
    expect(report.rules.filter(({ violations }) => violations > 0).map((one) => one.rule)).toContain(rule);
  });

  test('sees one moment, whatever is written meanwhile; waits for the end where it is told to', async () => {
    const one = submission();
    await store.accept([one]);
    expect(await unsettled(store.pool)).toEqual({ open: 1, outbox: 1 });
    const waiting = verify({ databaseUrl: database.url, waitMs: 20_000 });
    await complete(one);
    await sql('truncate outbox');
    expect((await waiting).counts).toMatchObject({ accepted: 1, done: 1, inFlight: 0 });
  });
});

const TOPIC = 'sluice.transactions.new';

function letter(offset: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    topic: TOPIC,
    partition: 1,
    offset: String(offset),
    key: Buffer.from('k'),
    value: Buffer.from([0, 255]),
    headers: { ce_id: 'x' },
    stage: 'validate',
    cause: 'bad-json',
    message: 'It is not JSON.',
    attempts: 1,
    ...more,
  };
}

describe('dlq', () => {
  const OTHER = 'sluice.transactions.validated';

  beforeEach(async () => {
    const more = { cause: 'unknown-id', topic: OTHER, stage: 'remote' } as const;
    await store.deadLetter([letter(1), letter(2), letter(3, more), letter(4)]);
    await store.deadLetter([letter(4)]);
    await sql('truncate outbox');
    await sql(`update dead_letter set at = now() - interval '1 hour' where id = 1`);
  });

  const ids = async (filter: Parameters<typeof listLetters>[1], limit = 10): Promise<string[]> =>
    (await listLetters(store.pool, filter, limit)).map(({ id }) => id);

  test('lists by each filter, the newest first, and counts by groups', async () => {
    expect(await ids({})).toEqual(['4', '3', '2', '1']);
    expect(await ids({}, 2)).toEqual(['4', '3']);
    expect(await ids({ cause: 'unknown-id' })).toEqual(['3']);
    expect(await ids({ topic: TOPIC, upTo: '2' })).toEqual(['2', '1']);
    expect(await ids({ ids: ['1', '3', '99'] })).toEqual(['3', '1']);
    expect(await ids({ sinceMs: 60_000 })).toEqual(['4', '3', '2']);
    expect(await letterGroups(store.pool, {})).toMatchObject([
      { cause: 'bad-json', topic: TOPIC, stage: 'validate', count: 3, open: 3 },
      { cause: 'unknown-id', topic: OTHER, stage: 'remote', count: 1, open: 1 },
    ]);
    expect(await newestLetter(store.pool)).toBe('4');
    expect(await knownLetters(store.pool, ['1', '77'])).toEqual(new Set(['1']));
  });

  test('shows one with its bytes, the state of its transaction and what waits', async () => {
    const of = submission();
    await store.accept([of], { publish: false });
    await store.deadLetter([letter(5, { transactionId: of.id })]);
    const found = await findLetter(store.pool, await newestLetter(store.pool));
    expect(found).toMatchObject({
      transactionId: of.id,
      state: 'accepted',
      waiting: 1,
      offset: '5',
      redrives: 0,
    });
    expect(found).toMatchObject({ value: Buffer.from([0, 255]), headers: { ce_id: 'x' }, attempts: 1 });
    expect(await findLetter(store.pool, '77')).toBeUndefined();
  });

  test('redrives in order, a batch at a time, each once, and says which are left', async () => {
    const filter = { cause: 'bad-json', open: true, upTo: '3' };
    const first = await redriveLetters(store.pool, filter, { afterId: '0', limit: 1 });
    expect(first).toEqual([{ id: '1', topic: TOPIC, cause: 'bad-json' }]);
    const rest = await redriveLetters(store.pool, filter, { afterId: '1', limit: 10 });
    expect(rest.map(({ id }) => id)).toEqual(['2']);
    expect(await redriveLetters(store.pool, filter, { afterId: '0', limit: 10 })).toEqual([]);
    expect(await sql('select dead_letter_id::int as id, redrive from outbox order by id')).toEqual([
      { id: 1, redrive: true },
      { id: 2, redrive: true },
    ]);
    expect(await ids({ open: true })).toEqual(['4', '3']);
    expect(await letterGroups(store.pool, { topic: TOPIC })).toMatchObject([{ count: 3, open: 1 }]);
  });

  test('two redrives at once queue nothing twice', async () => {
    const redrive = () => redriveLetters(store.pool, { open: true }, { afterId: '0', limit: 10 });
    const both = await Promise.all([redrive(), redrive()]);
    expect(both.flat().length).toBe(4);
    expect(await sql('select count(*)::int as n from outbox')).toEqual([{ n: 4 }]);
  });
});

describe('why', () => {
  test('knows all about one: log, letters, what waits before it, its place in the lane', async () => {
    const [head, previous, one] = ['K', 'K', 'K'].map((key) => submission({ key }));
    for (const of of [head!, previous!, one!]) await store.accept([of]);
    const { id } = one!;
    const named = { headers: { ce_subject: id } };
    await store.deadLetter([letter(1, { transactionId: id }), letter(2, named), letter(3)]);
    await move(one!, 'validated');
    const facts = (await transactionFacts(store.pool, id))!;
    expect(facts).toMatchObject({ id, key: 'K', keyed: true, state: 'validated', version: 2, sweeps: 0 });
    expect(facts.events.map(({ event, version }) => `${version} ${event}`)).toEqual(['1 new', '2 validated']);
    expect(facts.events[0]!.at).toBeInstanceOf(Date);
    expect(facts.letters.map((found) => [found.id, found.certain, found.redrivenAt])).toEqual([
      ['1', true, null],
      ['2', false, null],
    ]);
    const sameShard = (await sql(
      'select count(*)::int as n from outbox where shard = $1 and transaction_id <> $2',
      [one!.shard, id],
    )) as { n: number }[];
    expect(facts.outbox.map(({ event, letterId, redrive }) => [event, letterId, redrive])).toEqual([
      ['new', null, false],
      [null, '1', false],
      [null, '2', false],
      ['validated', null, false],
    ]);
    expect(facts.outbox[0]!.before).toBe(sameShard[0]!.n);
    expect(facts.lane).toEqual({
      before: 2,
      head: { id: head!.id, state: 'accepted' },
      previousId: previous!.id,
    });
    expect(await lettersNaming(store.pool, id)).toEqual(['1', '2']);
    await complete(head!);
    expect((await transactionFacts(store.pool, id))!.lane).toMatchObject({
      before: 1,
      previousId: previous!.id,
    });
  });

  test('knows nothing of an unknown one but the letters that name it', async () => {
    const { id } = submission();
    expect(await transactionFacts(store.pool, id)).toBeUndefined();
    expect(await lettersNaming(store.pool, id)).toEqual([]);
    await store.deadLetter([letter(1, { transactionId: id })]);
    expect(await lettersNaming(store.pool, id)).toEqual(['1']);
  });
});

test('lag: what waits in the database, by what it waits for', async () => {
  const [free, retrying, buried, ended] = [submission(), submission(), submission(), submission()];
  const lane = [submission({ key: 'K' }), submission({ key: 'K' }), submission({ key: 'K' })];
  for (const of of [free, retrying, buried, ended, ...lane]) await store.accept([of]);
  for (const of of [free, retrying, ...lane]) await move(of, 'validated');
  await store.apply([change(retrying, 'retry-scheduled', { delayMs: 60_000 })]);
  await move(ended, 'rejected');
  await store.deadLetter([letter(1, { transactionId: buried.id }), letter(2)]);
  await sql(`update transaction set updated_at = now() - interval '30 s' where id = $1`, [free.id]);
  await sql(`update outbox set created_at = now() - interval '40 s' where id = (select min(id) from outbox)`);
  const { backlogs, queues } = await backlog(store.pool);
  const by = new Map(backlogs.map((row) => [row.state, row]));
  expect(backlogs.length).toBe(2);
  expect(by.get('accepted')).toMatchObject({ order: 'chained', free: 0, inLane: 0, retrying: 0, buried: 1 });
  expect(by.get('validated')).toMatchObject({ free: 2, inLane: 2, retrying: 1, buried: 0 });
  expect(by.get('validated')!.freeOldestSeconds).toBeGreaterThan(29);
  expect(by.get('validated')!.inLaneOldestSeconds).toBeLessThan(20);
  const [row] = (await sql('select count(*)::int as n from outbox')) as { n: number }[];
  expect(queues).toMatchObject({ outbox: row!.n, retries: 1, openLetters: 2 });
  expect(queues.outboxOldestSeconds).toBeGreaterThan(39);
  expect(queues.nextRetrySeconds).toBeGreaterThan(40);
});

test('lag: nothing, where nothing is', async () => {
  expect(await backlog(store.pool)).toEqual({
    backlogs: [],
    queues: { outbox: 0, outboxOldestSeconds: null, retries: 0, nextRetrySeconds: null, openLetters: 0 },
  });
});
