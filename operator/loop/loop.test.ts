import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Loop } from './loop.ts';

const now = (): number => performance.now();

test('ticks do not overlap, however long they take', async () => {
  let running = 0;
  let most = 0;
  let ticks = 0;
  const tick = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await sleep(15);
    running--;
    ticks++;
  };
  const loop = new Loop({ tick, intervalMs: 5, onTick: () => {}, now });
  loop.start();
  await sleep(150);
  await loop.stop();
  expect(most).toBe(1);
  expect(running).toBe(0);
  expect(ticks).toBeGreaterThan(3);
});

test('a tick that throws is told, and the next one comes', async () => {
  const told: unknown[] = [];
  let ticks = 0;
  const tick = (): Promise<void> => {
    ticks++;
    return ticks < 3 ? Promise.reject(new Error(`tick ${ticks}`)) : Promise.resolve();
  };
  const loop = new Loop({ tick, intervalMs: 1, onTick: (_seconds, error) => told.push(error), now });
  loop.start();
  await sleep(50);
  expect(told.slice(0, 3)).toEqual([new Error('tick 1'), new Error('tick 2'), undefined]);
  expect(loop.hasTicked()).toBe(true);
  await loop.stop();
});

test('a loop that hangs is not live any more', async () => {
  let ms = 0;
  const loop = new Loop({
    tick: () => new Promise(() => {}),
    intervalMs: 2_000,
    onTick: () => {},
    now: () => ms,
  });
  loop.start();
  ms = 30_000;
  expect(loop.live()).toBe(true);
  expect(loop.hasTicked()).toBe(false);
  ms = 31_000;
  expect(loop.live()).toBe('no tick has ended for 31 s');
  expect(loop.lastTickAt()).toBe(0);
});

test('a stop in the pause does not wait for its end', async () => {
  const loop = new Loop({ tick: () => Promise.resolve(), intervalMs: 60_000, onTick: () => {}, now });
  loop.start();
  await sleep(5);
  const startedMs = now();
  await loop.stop();
  expect(now() - startedMs).toBeLessThan(1_000);
});
