import { setTimeout as sleep } from 'node:timers/promises';
import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { AsyncContextManager } from './context-manager.ts';

const manager = new AsyncContextManager().enable();
const key = createContextKey('test');
const [one, two] = [ROOT_CONTEXT.setValue(key, 1), ROOT_CONTEXT.setValue(key, 2)] as const;
const active = (): unknown => manager.active().getValue(key);

test('a context is that of the work it is for, across awaits, and of nothing else', async () => {
  const work = async (): Promise<unknown[]> => {
    const before = active();
    await sleep(1);
    return [before, active(), manager.with(ROOT_CONTEXT, active), active()];
  };
  const [first, second] = await Promise.all([manager.with(one, work), manager.with(two, work)]);
  expect(first).toEqual([1, 1, undefined, 1]);
  expect(second).toEqual([2, 2, undefined, 2]);
  expect(active()).toBeUndefined();
});

test('hands arguments, receiver, result and error on', () => {
  function sum(this: { base: number }, a: number, b: number): number {
    return this.base + a + b;
  }
  expect(manager.with(one, sum, { base: 1 }, 2, 3)).toBe(6);
  const bound = manager.bind(two, function (this: number, more: number): unknown[] {
    return [this, more, active()];
  });
  expect(Reflect.apply(bound, 5, [6])).toEqual([5, 6, 2]);
  const broken = (): never => {
    throw new RangeError('no');
  };
  expect(() => manager.with(one, broken)).toThrow(RangeError);
  expect(active()).toBeUndefined();
});

test('what is no function is left as it is', () => {
  const object = {};
  expect(manager.bind(one, object)).toBe(object);
});
