import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MicroBatcher, QueueFullError } from './micro-batcher.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Flushes that end when the test says so. */
function byHand(): { flush: (items: number[]) => Promise<number[]>; batches: number[][]; next: () => void } {
  const batches: number[][] = [];
  const open: (() => void)[] = [];
  return {
    batches,
    flush: (items) => {
      batches.push(items);
      return new Promise((resolve) => open.push(() => resolve(items.map((item) => item * 2))));
    },
    next: () => open.shift()!(),
  };
}

test('every item is answered once, in order, in batches that are bounded, by so many flushers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer(), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 4 }),
      async (items, maxItems, flushers) => {
        const seen: number[] = [];
        let running = 0;
        let most = 0;
        let largest = 0;
        const batcher = new MicroBatcher<number, number>({
          maxItems,
          flushers,
          flush: async (batch) => {
            most = Math.max(most, ++running);
            largest = Math.max(largest, batch.length);
            seen.push(...batch);
            await turn();
            running--;
            return batch.map((item) => item * 2);
          },
        });
        const results = await Promise.all(items.map((item) => batcher.add(item)));
        expect(results).toEqual(items.map((item) => item * 2));
        expect(seen).toEqual(items);
        expect(largest).toBeLessThanOrEqual(maxItems);
        expect(most).toBeLessThanOrEqual(flushers);
        await turn();
        expect(batcher.idle).toBe(true);
      },
    ),
  );
});

test('items with equal conflict keys never share a batch, and keep their order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      async (keys, maxItems) => {
        const handled = new Map<number, number[]>();
        let shared = 0;
        const batcher = new MicroBatcher<{ key: number; n: number }, number>({
          maxItems,
          conflictKey: ({ key }) => String(key),
          flush: async (batch) => {
            if (new Set(batch.map(({ key }) => key)).size < batch.length) shared++;
            for (const { key, n } of batch) handled.set(key, [...(handled.get(key) ?? []), n]);
            await turn();
            return batch.map(({ n }) => n);
          },
        });
        const results = await Promise.all(keys.map((key, n) => batcher.add({ key, n })));
        expect(results).toEqual(keys.map((_, n) => n));
        expect(shared).toBe(0);
        for (const numbers of handled.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      },
    ),
  );
});

test('bad items fail alone, the others are answered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 50 }), async (bad) => {
      const batcher = new MicroBatcher<number, number>({
        flush: async (batch) => {
          const first = batch.find((n) => bad[n]);
          if (first !== undefined) throw new Error(`bad ${first}`);
          return batch;
        },
      });
      const outcomes = await Promise.allSettled(bad.map((_, n) => batcher.add(n)));
      expect(outcomes).toEqual(
        bad.map((isBad, n) =>
          isBad ? { status: 'rejected', reason: new Error(`bad ${n}`) } : { status: 'fulfilled', value: n },
        ),
      );
    }),
  );
});

describe('a flush that fails', () => {
  test('as a whole, when splitting is of no use: one call, every item rejected', async () => {
    let calls = 0;
    const away = new Error('away');
    const batcher = new MicroBatcher<number, number>({
      splitOn: (error) => error !== away,
      flush: () => {
        calls++;
        return Promise.reject(away);
      },
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => batcher.add(n)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(calls).toBe(1);
    await turn();
    expect(batcher.idle).toBe(true);
  });

  test('synchronously, is a failure like any other, and the next batch is flushed', async () => {
    let fail = true;
    const batcher = new MicroBatcher<number, number>({
      flush: (items) => {
        if (fail) throw new Error('at once');
        return Promise.resolve(items);
      },
    });
    await expect(batcher.add(1)).rejects.toThrow('at once');
    fail = false;
    await expect(batcher.add(2)).resolves.toBe(2);
  });
});

test('with no load an item is flushed at once; under load what has queued goes together', async () => {
  const { flush, batches, next } = byHand();
  const batcher = new MicroBatcher({ flush });
  const first = batcher.add(1);
  await turn();
  expect(batches).toEqual([[1]]);
  const others = [2, 3, 4].map((n) => batcher.add(n));
  await turn();
  expect(batches.length).toBe(1);
  next();
  expect(await first).toBe(2);
  await turn();
  expect(batches).toEqual([[1], [2, 3, 4]]);
  next();
  expect(await Promise.all(others)).toEqual([4, 6, 8]);
});

test('refuses what does not fit into its queue, and takes more once there is room', async () => {
  const { flush, next } = byHand();
  const batcher = new MicroBatcher({ flush, maxQueued: 2, maxItems: 1 });
  const first = batcher.add(1);
  await turn();
  const queued = [batcher.add(2), batcher.add(3)];
  expect(batcher.queued).toBe(2);
  await expect(batcher.add(4)).rejects.toBeInstanceOf(QueueFullError);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(batcher.oldestWaitMs()).toBeGreaterThan(3);
  next();
  await first;
  await turn();
  const last = batcher.add(5);
  for (let n = 0; n < 3; n++) {
    await turn();
    next();
    await turn();
  }
  expect(await Promise.all([...queued, last])).toEqual([4, 6, 10]);
  expect(batcher.oldestWaitMs()).toBe(0);
  expect(batcher.idle).toBe(true);
});

test('lets the next batch gather under load, and not when there is little to do', async () => {
  const started: number[] = [];
  const batcher = new MicroBatcher<number, number>({
    paceMs: 30,
    flush: async (items) => {
      started.push(performance.now());
      return items;
    },
  });
  const add = (count: number): Promise<number[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => batcher.add(n)));
  await add(1);
  await add(1);
  expect(started[1]! - started[0]!).toBeLessThan(25);
  await add(20);
  await add(1);
  expect(started[3]! - started[2]!).toBeGreaterThan(25);
});
