import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

test('no more than the bound at a time, each in its turn', async () => {
  const turns = createTurns({ max: () => 2, defer: () => false });
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const work = (n: number) =>
    turns.take(async () => {
      started.push(n);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (n === 2) throw new Error('boom');
      return n;
    });
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5].map(work));
  expect(results.map((result) => result.status === 'fulfilled')).toEqual([
    true,
    true,
    false,
    true,
    true,
    true,
  ]);
  expect(started).toEqual([0, 1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test('a turn waits while more urgent work does, but not for ever', async () => {
  let urgent = true;
  const turns = createTurns({ max: () => 1, defer: () => urgent, deferMaxMs: 60 });
  const startedMs = performance.now();
  await turns.take(async () => {});
  expect(performance.now() - startedMs).toBeGreaterThan(50);
  const second = turns.take(async () => performance.now());
  urgent = false;
  expect((await second) - startedMs).toBeLessThan(5_000);
});

test('the bound may change as it goes', async () => {
  let max = 1;
  const turns = createTurns({ max: () => max, defer: () => false });
  let running = 0;
  const most: number[] = [];
  const work = () =>
    turns.take(async () => {
      most.push(++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
    });
  await Promise.all([work(), work()]);
  max = 3;
  await Promise.all([work(), work(), work()]);
  expect(most).toEqual([1, 1, 1, 2, 3]);
});
