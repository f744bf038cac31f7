import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { UNUSABLE_ACCOUNTS } from '../../services/store/seed.ts';
import { isTerminal } from '../../services/domain/state-machine.ts';
import { DEFAULT_SETTINGS } from '../../services/remote-simulator/settings.ts';
import type { Submission, TransactionView } from '../../services/store/port.ts';
import type { TestPipeline } from '../fixtures/pipeline.ts';
import { startPipeline } from '../fixtures/pipeline.ts';
import type { SubmissionOptions } from '../fixtures/transactions.ts';
import { PAYLOAD, submission } from '../fixtures/transactions.ts';
import { until } from '../fixtures/until.ts';

const QUICK = { ...DEFAULT_SETTINGS, meanMs: 5 };

let pipeline: TestPipeline;

beforeAll(async () => {
  pipeline = await startPipeline('pipeline');
}, 60_000);
afterAll(() => pipeline.stop());
afterEach(() => void pipeline.remote.configure(QUICK));

async function ended({ id }: Submission): Promise<TransactionView> {
  let last: TransactionView | undefined;
  try {
    return await until(`the end of ${id}`, async () => {
      last = await pipeline.store.find(id);
      return last && isTerminal(last.state) && last;
    });
  } catch (cause) {
    throw new Error(`It stands at ${JSON.stringify(last, null, 1)}`, { cause });
  }
}

/** Waits until so many are being undone. */
function compensating(count: number): Promise<true> {
  return until('the reversals to be asked for', async () => {
    const open = await pipeline.store.list({ state: 'compensating', limit: 10 });
    return open.length === count;
  });
}

/** Accepts transactions and waits for their ends. */
async function run(...options: SubmissionOptions[]): Promise<TransactionView[]> {
  const of = options.map(submission);
  await pipeline.store.accept(of);
  return Promise.all(of.map(ended));
}

const events = (view: TransactionView): string[] => view.events.map(({ event }) => event);
/** Without retries, which a busy machine may add to any call. */
const path = (view: TransactionView): string[] => events(view).filter((event) => event !== 'retry-scheduled');
const reasons = (view: TransactionView): string[] =>
  (view.events.at(-1)!.data as { reasons: { code: string }[] }).reasons.map(({ code }) => code);
const effect = ({ id }: TransactionView): string | undefined => pipeline.remote.ledger.get(id)?.state;

async function payments(id: string): Promise<number> {
  const [row] = await pipeline.store.query<{ count: number }>(
    'select count(*)::int as count from payment where transaction_id = $1',
    [id],
  );
  return row!.count;
}

test('chained: from new to done, with one effect and one payment', async () => {
  const [view] = await run({});
  expect(path(view!)).toEqual(['new', 'validated', 'remote-responded', 'done']);
  expect([...new Set(view!.events.map(({ stage }) => stage))]).toEqual([
    'api',
    'validate',
    'remote',
    'persist',
  ]);
  expect(effect(view!)).toBe('executed');
  expect(await payments(view!.id)).toBe(1);
  expect(view!.events.at(-1)!.data).toMatchObject({ result: { reference: expect.stringMatching(/^RMT-/) } });
});

test('fan-out: both answers, then done', async () => {
  const views = await run(...Array.from({ length: 20 }, () => ({ order: 'fanOut' as const })));
  for (const view of views) {
    expect(view.state).toBe('done');
    expect(path(view).toSorted()).toEqual(['done', 'new', 'remote-responded', 'validated']);
    expect(effect(view)).toBe('executed');
    expect(await payments(view.id)).toBe(1);
  }
});

test.each([
  ['account-unknown', { debtor: 'ACC-999999' }],
  ['account-unknown', { creditor: 'ACC-999999' }],
  ['account-not-active', { debtor: UNUSABLE_ACCOUNTS.blocked }],
  ['account-not-active', { creditor: UNUSABLE_ACCOUNTS.closed }],
  ['currency-mismatch', { creditor: UNUSABLE_ACCOUNTS.dollars }],
  ['same-account', { creditor: PAYLOAD.debtor }],
  ['limit-exceeded', { amount: 1_000_001 }],
  ['schema', { amount: 0 }],
])('rejected: %s (%j), with no call of the remote', async (code, change) => {
  const [view] = await run({ payload: { ...PAYLOAD, ...change } });
  expect(events(view!)).toEqual(['new', 'rejected']);
  expect(reasons(view!)).toContain(code);
  expect(effect(view!)).toBeUndefined();
});

test('fan-out, invalid but carried out by the remote: the effect is undone', async () => {
  // Validation is quicker than the call: the reversal and the call race, and both ends are right.
  const invalid = { order: 'fanOut' as const, payload: { ...PAYLOAD, amount: 1_000_001 } };
  for (const meanMs of [0, 60]) {
    pipeline.remote.configure({ meanMs });
    const views = await run(...Array.from({ length: 10 }, () => invalid));
    for (const view of views) {
      const undone = effect(view) === 'reversed';
      expect(view.state).toBe(undone ? 'compensated' : 'rejected');
      expect(['reversed', 'tombstone']).toContain(effect(view));
      expect(await payments(view.id)).toBe(0);
    }
  }
});

test.each(['chained', 'fanOut'] as const)('%s: declined by the remote is failed', async (order) => {
  pipeline.remote.configure({ declineRate: 1 });
  const [view] = await run({ order });
  expect(view!.state).toBe('failed');
  expect(reasons(view!)).toEqual(['remote-declined']);
});

test.each(['chained', 'fanOut'] as const)(
  '%s: a remote that refuses for a while is tried again',
  async (order) => {
    // Fewer than half: the circuit stays closed.
    pipeline.remote.configure({ errorBeforeRate: 0.25, seed: 3 });
    const views = await run(...Array.from({ length: 20 }, () => ({ order })));
    expect(views.some((view) => events(view).includes('retry-scheduled'))).toBe(true);
    for (const view of views) {
      const state = effect(view);
      expect(view.state).toBe(state === 'executed' ? 'done' : 'failed');
      expect(state).not.toBe('reversed');
      const attempts = view.events.filter(({ stage }) => stage === 'remote').map(({ attempt }) => attempt);
      expect(attempts).toEqual(attempts.toSorted((a, b) => a - b));
    }
  },
);

test('a remote that has done the work and does not say so: undone after the last attempt', async () => {
  pipeline.remote.configure({ hangAfterRate: 1 });
  const waiting = run({}, { order: 'fanOut' });
  await compensating(2);
  pipeline.remote.configure(QUICK);
  for (const view of await waiting) {
    expect(view.state).toBe('compensated');
    expect(events(view)).toContain('compensation-requested');
    expect(effect(view)).toBe('reversed');
    expect(await payments(view.id)).toBe(0);
  }
});

test('an answer that was lost is asked for again, and there is one effect', async () => {
  pipeline.remote.configure({ errorAfterRate: 1 });
  const errors = pipeline.remote.summary().errors;
  const waiting = run({});
  await until('a lost answer', () => pipeline.remote.summary().errors > errors);
  pipeline.remote.configure(QUICK);
  const [view] = await waiting;
  expect(view!.state).toBe('done');
  expect(events(view!)).toContain('retry-scheduled');
  expect(effect(view!)).toBe('executed');
});

test('past its deadline: expired, or undone where a call may have taken effect', async () => {
  pipeline.remote.configure({ hangBeforeRate: 1 });
  const deadline = new Date(Date.now() + 2_000);
  const waiting = run(
    { deadline },
    { deadline, order: 'fanOut' },
    { deadline: new Date(Date.now() - 1_000) },
  );
  await compensating(2);
  pipeline.remote.configure(QUICK);
  const [chained, fanOut, passed] = await waiting;
  expect(reasons(chained!)).toContain('deadline-passed');
  expect(events(passed!).at(-1)).toBe('expired');
  expect(effect(passed!)).toBeUndefined();
  // A call that was held back by the circuit may still get through in between; it is then undone.
  for (const view of [chained, fanOut])
    expect([view!.state, effect(view!)].join()).toMatch(/^(expired,tombstone|compensated,reversed)$/);
});

test('twenty transactions on three keys take effect in the order of their acceptance', async () => {
  pipeline.remote.configure({ meanMs: 10, jitterMs: 10, errorBeforeRate: 0.1, seed: 5 });
  const of = Array.from({ length: 20 }, (_, n) =>
    submission({ key: `lane-${n % 3}`, order: n % 2 === 0 ? 'chained' : 'fanOut' }),
  );
  for (const one of of) await pipeline.store.accept([one]);
  const views = await Promise.all(of.map(ended));
  for (const key of ['lane-0', 'lane-1', 'lane-2']) {
    const entries = views.filter((view) => view.key === key).map(({ id }) => pipeline.remote.ledger.get(id));
    const seqs = entries.flatMap((entry) => (entry?.state === 'executed' ? [entry.seq] : []));
    expect(seqs.length).toBeGreaterThan(3);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  }
});

test('a hundred at once all end, each published once', async () => {
  const views = await run(
    ...Array.from({ length: 100 }, (_, n) => ({
      order: n % 2 === 0 ? ('chained' as const) : ('fanOut' as const),
    })),
  );
  expect(views.map(({ state }) => state)).toEqual(views.map(() => 'done'));
  const { prefix, admin } = pipeline.broker;
  const [total] = await pipeline.store.query<{ count: number }>(
    `select count(*)::int as count from event where event = 'done'`,
    [],
  );
  await until('the outbox to be empty', async () => (await pipeline.store.outboxAgeSeconds()) === 0);
  const offsets = await admin.topicOffsets(`${prefix}.transactions.done`);
  expect(offsets.reduce((sum, { high }) => sum + Number(high), 0)).toBe(total!.count);
});

test('nothing has happened that would have ended a process', () => {
  expect(pipeline.fatal).toEqual([]);
});
