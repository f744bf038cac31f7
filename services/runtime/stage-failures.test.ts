import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { POISONS } from '../../test/fixtures/messages.ts';
import { PASSING, RIGGED, TOPIC, later, messages, rig, valid } from '../../test/fixtures/stage-rig.ts';
import type { IncomingMessage } from '../broker/port.ts';
import { dlq } from './step.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a database that is away for a moment is waited for', async () => {
  const { consumer, store, fatal, committed } = await rig();
  store.failures.push(PASSING, PASSING);
  await consumer.deliver(messages(5));
  await later(20_000);
  expect(fatal).toEqual([]);
  expect(store.changes.length).toBe(5);
  expect(store.letters).toEqual([]);
  expect(committed()).toBe(5);
});

test('one that stays away ends the process, with nothing committed and nothing buried', async () => {
  const { consumer, store, fatal, committed } = await rig();
  store.failures.push(...Array.from({ length: 100 }, () => PASSING));
  await consumer.deliver(messages(2));
  await later(60_000);
  expect(fatal[0]).toBe(PASSING);
  expect(store.letters).toEqual([]);
  expect(committed()).toBeUndefined();
});

test('a deployment that is broken ends the process at once', async () => {
  const { consumer, store, fatal, committed } = await rig(() => Promise.reject(RIGGED));
  await consumer.deliver(messages(2));
  await later();
  expect(fatal[0]).toBe(RIGGED);
  expect(store.letters).toEqual([]);
  expect(committed()).toBeUndefined();
});

test('a dead letter that cannot be stored ends the process without trying each one', async () => {
  const { consumer, store, fatal } = await rig(() => Promise.resolve(dlq('c', 'm')));
  store.failures.push(...Array.from({ length: 5 }, () => PASSING));
  await consumer.deliver(messages(20));
  await later(60_000);
  expect(fatal.length).toBeGreaterThan(0);
  expect(store.letters).toEqual([]);
});

test('an error nobody has foreseen makes a dead letter of its message, and the others go on', async () => {
  const { consumer, store, fatal, committed } = await rig((of) =>
    of.origin.offset === '1' ? Promise.reject(new TypeError('x is undefined')) : valid(of),
  );
  await consumer.deliver(messages(4));
  await later();
  expect(fatal).toEqual([]);
  expect(store.letters).toMatchObject([
    { topic: TOPIC, partition: 0, offset: '1', cause: 'step-failed', message: 'TypeError: x is undefined' },
  ]);
  expect(store.changes.length).toBe(3);
  expect(committed()).toBe(4);
});

test('too many such errors in a row end the process; one success begins the count anew', async () => {
  let broken = true;
  const { consumer, store, fatal } = await rig((of) =>
    broken ? Promise.reject(new Error('bug')) : valid(of),
  );
  await consumer.deliver(messages(50));
  await later();
  broken = false;
  await consumer.deliver(messages(1, 0, 50));
  await later();
  broken = true;
  await consumer.deliver(messages(50, 0, 51));
  await later();
  expect(fatal).toEqual([]);
  expect(store.letters.length).toBe(100);
  await consumer.deliver(messages(1, 0, 101));
  await later();
  expect(fatal.length).toBe(1);
  expect(store.letters.length).toBe(100);
});

test('a row that the database refuses fails alone', async () => {
  const { consumer, store, committed } = await rig();
  const all = messages(6);
  const badId = all[2]!.headers['ce_subject'];
  store.refuses = ({ id }) => (id === badId ? new Error('violates check constraint') : undefined);
  await consumer.deliver(all);
  await later();
  expect(store.changes.length).toBe(5);
  expect(store.letters).toMatchObject([{ offset: '2', cause: 'statement-failed', transactionId: badId }]);
  expect(committed()).toBe(6);
});

test('an id that nobody knows is a dead letter', async () => {
  const { consumer, store, committed } = await rig();
  const all = messages(2);
  store.unknown.add(all[0]!.headers['ce_subject']!);
  await consumer.deliver(all);
  await later();
  expect(store.letters).toMatchObject([{ offset: '0', cause: 'unknown-id' }]);
  expect(store.changes.length).toBe(1);
  expect(committed()).toBe(2);
});

test.each(POISONS)('$cause, $name: one dead letter, and the others go on', async ({ cause, spoil }) => {
  const { consumer, store, fatal, committed } = await rig();
  const [first, bad, last] = messages(3) as [IncomingMessage, IncomingMessage, IncomingMessage];
  const spoilt = spoil(bad);
  await consumer.deliver([first, spoilt, last]);
  await later();
  expect(fatal).toEqual([]);
  expect(store.letters).toMatchObject([{ offset: '1', cause, key: spoilt.key, value: spoilt.value }]);
  expect(store.changes.length).toBe(2);
  expect(committed()).toBe(3);
});
