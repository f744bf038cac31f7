import { afterEach, expect, test } from 'vitest';
import { isTerminal } from '../../services/domain/state-machine.ts';
import type { TransactionView } from '../../services/store/port.ts';
import type { TestPipeline } from '../fixtures/pipeline.ts';
import { startPipeline } from '../fixtures/pipeline.ts';
import type { SubmissionOptions } from '../fixtures/transactions.ts';
import { submission } from '../fixtures/transactions.ts';
import { until } from '../fixtures/until.ts';

const FULL = { capacity: 1, overflow: 'refuse', retryAfterSeconds: 0, meanMs: 20 };

/** Every refusal is a turn through outbox and Kafka, and there are many. */
const ENDED_MS = 50_000;

let pipeline: TestPipeline;
afterEach(() => pipeline.stop());

/** A remote that is full from now on. One that is slow as well is another story: its calls may have an effect. */
async function start(full: object, remote: Readonly<Record<string, string>> = {}): Promise<void> {
  pipeline = await startPipeline('refusal', {
    remote: { REMOTE_TIMEOUT_MS: '10000', REMOTE_MAX_ATTEMPTS: '2', ...remote },
  });
  pipeline.remote.configure({ ...FULL, ...full });
}

async function ended(id: string): Promise<TransactionView> {
  return until(
    `the end of ${id}`,
    async () => {
      const view = await pipeline.store.find(id);
      return view && isTerminal(view.state) && view;
    },
    ENDED_MS,
  );
}

async function settle(count: number, options: SubmissionOptions = {}): Promise<TransactionView[]> {
  const all = Array.from({ length: count }, (_, n) =>
    submission({ order: n % 2 === 0 ? 'chained' : 'fanOut', ...options }),
  );
  await pipeline.store.accept(all);
  return Promise.all(all.map(({ id }) => ended(id)));
}

const scheduled = ({ events }: TransactionView) => events.filter(({ event }) => event === 'retry-scheduled');

test('a remote that takes one call at a time does them all: what it refuses is no attempt', async () => {
  await start({});
  const views = await settle(20);
  expect(views.map(({ state }) => state)).toEqual(views.map(() => 'done'));
  expect(pipeline.remote.summary().refusedBusy).toBeGreaterThan(20);
  // Of two attempts each, many were refused more often than that.
  expect(Math.max(...views.map((view) => scheduled(view).length))).toBeGreaterThan(2);
  for (const view of views) for (const { attempt } of scheduled(view)) expect(attempt).toBe(0);
});

test('it is left alone for as long as it asks', async () => {
  await start({ retryAfterSeconds: 1, meanMs: 300 });
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
  const patienceMs = 3_000;
  await start({ meanMs: 600_000 }, { REMOTE_REFUSED_MAX_MS: String(patienceMs) });
  // The only place is taken by a call that never ends.
  void pipeline.remote.execute({ key: 'occupant', fingerprint: 1, transactionKey: undefined });
  const startMs = performance.now();
  const views = await settle(4);
  expect(views.map(({ state }) => state)).toEqual(views.map(() => 'failed'));
  expect(performance.now() - startMs).toBeGreaterThan(patienceMs);
  for (const { attempts } of views) expect(attempts).toBe(2);
  for (const { id } of views) expect(pipeline.remote.ledger.get(id)).toBeUndefined();
});
