import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WorkQueue } from './work-queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a key that is added often waits once', async () => {
  const queue = new WorkQueue();
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  expect(queue.length).toBe(2);
  expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
});

test('a key that is added while it is in work is given out again afterwards, not beside', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('a');
  expect(queue.length).toBe(0);
  queue.done('a');
  expect(queue.length).toBe(1);
});

test('who waits for a key gets the next one', async () => {
  const queue = new WorkQueue();
  const taken = queue.take();
  queue.add('a');
  expect(await taken).toBe('a');
});

test('failures of a key are repeated later each time, until it is forgotten', () => {
  const queue = new WorkQueue({ baseDelayMs: 100, maxDelayMs: 1_000, random: () => 1 });
  const delays = Array.from({ length: 6 }, () => {
    queue.addRateLimited('a');
    const began = performance.now();
    vi.advanceTimersToNextTimer();
    return performance.now() - began;
  });
  expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  queue.forget('a');
  queue.addRateLimited('a');
  const began = performance.now();
  vi.advanceTimersToNextTimer();
  expect(performance.now() - began).toBe(100);
});

test('of several delays the earliest wins', () => {
  const queue = new WorkQueue();
  queue.addAfter('a', 1_000);
  queue.addAfter('a', 100);
  queue.addAfter('a', 5_000);
  vi.advanceTimersByTime(100);
  expect(queue.length).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(queue.length).toBe(1);
});

test('closed, it gives out nothing more and lets go of those that wait', async () => {
  const queue = new WorkQueue();
  queue.addAfter('b', 10);
  const taken = queue.take();
  queue.close();
  expect(await taken).toBeUndefined();
  queue.add('a');
  vi.advanceTimersByTime(100);
  expect(await queue.take()).toBeUndefined();
});

test('whatever is added, taken and done: no key is in work twice, none that was added is lost', async () => {
  const operation = fc.record({
    kind: fc.constantFrom('add' as const, 'take' as const, 'done' as const),
    key: fc.constantFrom('a', 'b', 'c'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
      const queue = new WorkQueue();
      const inWork = new Set<string>();
      const owed = new Set<string>();
      const take = async (): Promise<void> => {
        const key = (await queue.take())!;
        expect(inWork.has(key)).toBe(false);
        inWork.add(key);
        owed.delete(key);
      };
      for (const { kind, key } of operations) {
        if (kind === 'add') {
          queue.add(key);
          owed.add(key);
        } else if (kind === 'take' && queue.length > 0) await take();
        else if (kind === 'done' && inWork.delete(key)) queue.done(key);
      }
      for (const key of inWork) queue.done(key);
      inWork.clear();
      while (queue.length > 0) await take();
      expect(owed).toEqual(new Set());
    }),
  );
});
