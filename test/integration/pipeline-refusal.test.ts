import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { isTerminal } from '../../services/domain/state-machine.ts';
import type { TransactionView } from '../../services/store/port.ts';
import type { TestPipeline } from '../fixtures/pipeline.ts';
import { startPipeline } from '../fixtures/pipeline.ts';
import type { SubmissionOptions } from '../fixtures/transactions.ts';
import { submission } from '../fixtures/transactions.ts';
import { until } from '../fixtures/until.ts';

/** For which a remote may refuse without the refusals counting, unless the test is about that. */
const PATIENCE_MS = 4_000;
const FULL = { capacity: 1, overflow: 'refuse', retryAfterSeconds: 0, meanMs: 20 };

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await startPipeline('refusal', {
    // A call that is not answered in time might have had its effect, which is another story.
    remote: {
      REMOTE_TIMEOUT_MS: '10000',
      REMOTE_MAX_ATTEMPTS: '2',
      REMOTE_REFUSED_MAX_MS: String(PATIENCE_MS),
    },
  });
});
afterAll(() => pipeline?.stop());
beforeEach(() => {
  pipeline.remote.configure({ capacity: 0, overflow: 'queue', meanMs: 5, retryAfterSeconds: 0 });
});

async function ended(id: string): Promise<TransactionView> {
  return until(`the end of ${id}`, async () => {
    const view = await pipeline.store.find(id);
    return view && isTerminal(view.state) && view;
  });
}

async function settle(count: number, options: SubmissionOptions = {}): Promise<TransactionView[]> {
  const all = Array.from({ length: count }, (_, n) =>
    submission({ order: n % 2 === 0 ? 'chained' : 'fanOut', ...options }),
  );
  await pipeline.store.accept(all);
  return Promise.all(all.map(({ id }) => ended(id)));
}

const refusals = (): number => pipeline.remote.summary().refusedBusy;
const scheduled = ({ events }: TransactionView) => events.filter(({ event }) => event === 'retry-scheduled');

test('a remote that takes one call at a time does them all: what it refuses is no attempt', async () => {
  const before = refusals();
  pipeline.remote.configure(FULL);
  const views = await settle(40);
  expect(views.map(({ state }) => state)).toEqual(views.map(() => 'done'));
  expect(refusals() - before).toBeGreaterThan(40);
  // Of two attempts each, many were refused more often than that.
  expect(Math.max(...views.map((view) => scheduled(view).length))).toBeGreaterThan(2);
  for (const view of views) for (const { attempt } of scheduled(view)) expect(attempt).toBe(0);
});

test('it is left alone for as long as it asks', async () => {
  pipeline.remote.configure({ ...FULL, retryAfterSeconds: 1, meanMs: 300 });
  const views = await settle(3, { order: 'chained' });
  const waits = views.flatMap(({ events }) =>
    events.flatMap(({ event, at }, n) =>
      event === 'retry-scheduled' ? [events[n + 1]!.at.getTime() - at.getTime()] : [],
    ),
  );
  expect(views.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  expect(waits.length).toBeGreaterThan(0);
  expect(Math.min(...waits)).toBeGreaterThan(1_000);
});

test('one that refuses for ever is given up in the end, without a compensation', async () => {
  // The only place is taken by a call that never ends.
  pipeline.remote.configure({ ...FULL, meanMs: 600_000 });
  void pipeline.remote.execute({ key: 'occupant', fingerprint: 1, transactionKey: undefined });
  const startMs = performance.now();
  const views = await settle(4);
  expect(views.map(({ state }) => state)).toEqual(views.map(() => 'failed'));
  expect(performance.now() - startMs).toBeGreaterThan(PATIENCE_MS);
  for (const { attempts } of views) expect(attempts).toBe(2);
  for (const { id } of views) expect(pipeline.remote.ledger.get(id)).toBeUndefined();
});
