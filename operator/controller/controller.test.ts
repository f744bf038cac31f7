import { expect, test } from 'vitest';
import { createLogger } from '../../otel/logger.ts';
import { Controller } from './controller.ts';
import { Manager } from './manager.ts';
import { WorkQueue } from './work-queue.ts';

const log = createLogger('test', { level: 'silent' });

test('what fails is tried again, and what else waits is not held up', async () => {
  const queue = new WorkQueue({ baseDelayMs: 1 });
  const calls: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const reconcile = async (key: string) => {
    calls.push(key);
    if (key === 'bad' && calls.filter((one) => one === 'bad').length < 3) throw new Error('not yet');
    if (key === 'bad') resolve();
    return {};
  };
  const controller = new Controller({ queue, reconcile, workers: 1, log });
  controller.start();
  for (const key of ['bad', 'good']) queue.add(key);
  await promise;
  await controller.stop();
  expect(calls).toEqual(['bad', 'good', 'bad', 'bad']);
});

test('what wants to be looked at again is, after its time', async () => {
  const queue = new WorkQueue();
  const { promise, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  const reconcile = async () => {
    if (++calls === 2) resolve();
    return calls === 1 ? { requeueAfterMs: 1 } : {};
  };
  const controller = new Controller({ queue, reconcile, workers: 2, log });
  controller.start();
  queue.add('a');
  await promise;
  await controller.stop();
  expect(calls).toBe(2);
});

test('parts are started in order and stopped in reverse, also when one does not start', async () => {
  const told: string[] = [];
  const part = (name: string, fails = false) => ({
    name,
    start: () => {
      told.push(`start ${name}`);
      if (fails) throw new Error('no');
    },
    stop: () => void told.push(`stop ${name}`),
  });
  const manager = new Manager([part('a'), part('b', true), part('c')]);
  await expect(manager.start()).rejects.toThrow('no');
  expect(told).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('one part that does not stop in order keeps no other from stopping', async () => {
  const told: string[] = [];
  const bad = { name: 'bad', start: () => {}, stop: () => Promise.reject(new Error('no')) };
  const good = { name: 'good', start: () => {}, stop: () => void told.push('good') };
  const manager = new Manager([good, bad]);
  await manager.start();
  await expect(manager.stop()).rejects.toThrow(AggregateError);
  expect(told).toEqual(['good']);
});
