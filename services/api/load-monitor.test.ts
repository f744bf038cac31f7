import { afterEach, expect, test } from 'vitest';
import { LoadMonitor } from './load-monitor.ts';

const stopping = new AbortController();
let monitor: LoadMonitor | undefined;
afterEach(() => monitor?.close());

function open(
  outboxAgeSeconds: () => Promise<number>,
  onError: (error: unknown) => void = () => {},
): LoadMonitor {
  const queue = { queued: 3, oldestWaitMs: () => 7 };
  const syncGate = { oldestWaitMs: () => 9 };
  const { signal } = stopping;
  monitor = new LoadMonitor({ queue, syncGate, outboxAgeSeconds, stopping: signal, onError, sampleMs: 50 });
  return monitor;
}

test('knows the queue as it is, and the outbox as of the last sample', async () => {
  let age = 5;
  const watched = open(async () => age);
  await expect.poll(() => watched.load().outboxAgeSeconds, { timeout: 10_000 }).toBe(5);
  age = 6;
  await expect
    .poll(() => watched.load())
    .toMatchObject({
      queued: 3,
      oldestWaitMs: 7,
      syncWaitMs: 9,
      outboxAgeSeconds: 6,
    });
});

test('notices an event loop that is held up', async () => {
  const watched = open(async () => 0);
  const holdUp = (): number => {
    const untilMs = performance.now() + 150;
    while (performance.now() < untilMs);
    return watched.load().eventLoopDelayMs;
  };
  await expect.poll(holdUp, { interval: 30, timeout: 10_000 }).toBeGreaterThan(100);
});

test('is ready once the database has answered, and not while it does not', async () => {
  const errors: unknown[] = [];
  let away = true;
  const watched = open(
    async () => {
      if (away) throw new Error('away');
      return 0;
    },
    (error) => errors.push(error),
  );
  expect(watched.storeState()).toBe('the database has not answered yet');
  await expect.poll(() => watched.storeState()).toBe('the database cannot be reached');
  away = false;
  await expect.poll(() => watched.storeState()).toBe(true);
  expect(errors.length).toBeGreaterThan(0);
});
