import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChangeWatcher } from './change-watcher.ts';

const never = new AbortController().signal;

function setUp(waitersMax = 100) {
  const versions = new Map<string, number>();
  const queries: string[][] = [];
  const errors: unknown[] = [];
  let failing = false;
  const watcher = new ChangeWatcher({
    versions: async (ids) => {
      queries.push([...ids]);
      if (failing) throw new Error('away');
      return new Map(ids.flatMap((id) => (versions.has(id) ? [[id, versions.get(id)!]] : [])));
    },
    waitersMax,
    onError: (error) => errors.push(error),
  });
  return { versions, queries, errors, watcher, fail: (yes: boolean) => void (failing = yes) };
}

const waitOn = (watcher: ChangeWatcher, id = 'a', version = 1, signal = never) =>
  watcher.wait(id, version, 10_000, signal)!;

describe('a waiter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is woken within one interval of the change', async () => {
    const { watcher, versions } = setUp();
    versions.set('a', 1);
    const woken = waitOn(watcher);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watcher.waiters).toBe(1);
    versions.set('a', 2);
    await vi.advanceTimersByTimeAsync(30);
    expect(await woken).toBe('changed');
    expect(watcher.waiters).toBe(0);
  });

  test('is woken at once when the change came before it', async () => {
    const { watcher, versions } = setUp();
    versions.set('a', 2);
    const woken = waitOn(watcher);
    await vi.advanceTimersByTimeAsync(0);
    expect(await woken).toBe('changed');
  });

  test('is let go after its time', async () => {
    const { watcher, versions } = setUp();
    versions.set('a', 1);
    const woken = waitOn(watcher);
    await vi.advanceTimersByTimeAsync(10_001);
    expect(await woken).toBe('timeout');
  });

  test('is forgotten when its client hangs up', async () => {
    const { watcher, queries } = setUp();
    const gone = new AbortController();
    const woken = waitOn(watcher, 'a', 1, gone.signal);
    gone.abort();
    expect(await woken).toBe('aborted');
    expect(watcher.waiters).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queries).toHaveLength(1);
  });

  test('outlasts a database that is away', async () => {
    const { watcher, versions, errors, fail } = setUp();
    fail(true);
    const woken = waitOn(watcher);
    await vi.advanceTimersByTimeAsync(200);
    expect(errors.length).toBeGreaterThan(0);
    versions.set('a', 2);
    fail(false);
    await vi.advanceTimersByTimeAsync(30);
    expect(await woken).toBe('changed');
  });

  test('is let go when the watcher closes; later ones do not wait', async () => {
    const { watcher } = setUp();
    const woken = waitOn(watcher);
    watcher.close();
    expect(await woken).toBe('closed');
    expect(await waitOn(watcher)).toBe('closed');
  });
});

test('waiters are bounded', () => {
  const { watcher } = setUp(2);
  void waitOn(watcher);
  void waitOn(watcher);
  expect(watcher.wait('a', 1, 10, never)).toBeUndefined();
  watcher.close();
});

test('one query serves all waiters, and asks for each id once; none is made without waiters', async () => {
  vi.useFakeTimers();
  const { watcher, queries } = setUp();
  await vi.advanceTimersByTimeAsync(500);
  expect(queries).toHaveLength(0);
  for (const id of ['a', 'b', 'a']) void waitOn(watcher, id);
  await vi.advanceTimersByTimeAsync(30);
  expect(queries.at(-1)).toEqual(['a', 'b']);
  watcher.close();
  vi.useRealTimers();
});

test('no change is lost, however waits, changes and queries interleave', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 }),
      async (s, changes) => {
        const current = new Map([
          ['a', 1],
          ['b', 1],
        ]);
        const query = s.scheduleFunction(async (ids: readonly string[]) => ids);
        const watcher = new ChangeWatcher({
          // The snapshot is of some moment while the query runs, as in a database.
          versions: async (ids) => new Map((await query(ids)).map((id) => [id, current.get(id)!])),
          waitersMax: 100,
          onError: () => {},
          intervalMs: 0,
        });
        const reads = ['a', 'b', 'a'].map((id) => ({ id, seen: 0, done: false }));
        const clients = reads.map(async (read) => {
          while (read.seen !== 1 + changes.filter((id) => id === read.id).length) {
            if (read.seen === current.get(read.id)) await watcher.wait(read.id, read.seen, 60_000, never);
            read.seen = current.get(read.id)!;
          }
        });
        for (const id of changes)
          void s.schedule(Promise.resolve()).then(() => current.set(id, current.get(id)! + 1));
        await s.waitFor(Promise.all(clients));
        for (const { id, seen } of reads) expect(seen).toBe(current.get(id));
        expect(watcher.waiters).toBe(0);
        watcher.close();
      },
    ),
    { numRuns: 30 },
  );
});
