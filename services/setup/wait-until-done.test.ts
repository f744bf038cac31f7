import { expect, test } from 'vitest';
import { NotYetError, SetupTimeoutError, waitUntilDone } from './wait-until-done.ts';

/** Each attempt takes 100 ms by this clock and meets the next of these outcomes; the last one stays. */
function rig(outcomes: readonly (Error | string)[]) {
  let time = 0;
  let calls = 0;
  const told: string[] = [];
  const attempt = async () => {
    time += 100;
    const outcome = outcomes[Math.min(calls++, outcomes.length - 1)]!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const options = {
    attempt,
    timeoutMs: 10_000,
    intervalMs: 0,
    repeatMs: 300,
    onWait: (error: NotYetError) => void told.push(error.message),
    nowMs: () => time,
  };
  return { options, told, calls: () => calls };
}

test('what is missing is waited for', async () => {
  const { options, calls } = rig([new NotYetError('no server'), new NotYetError('no server'), 'done']);
  await expect(waitUntilDone(options)).resolves.toBe('done');
  expect(calls()).toBe(3);
});

test('says what it waits for: at once, when that changes, and from time to time', async () => {
  const server = new NotYetError('no server');
  const { options, told } = rig([
    server,
    server,
    new NotYetError('no database'),
    server,
    server,
    server,
    server,
    'done',
  ]);
  await waitUntilDone(options);
  expect(told).toEqual(['no server', 'no database', 'no server', 'no server']);
});

test('anything else ends the waiting at once', async () => {
  const { options, calls } = rig([new NotYetError('no server'), new Error('a migration failed')]);
  await expect(waitUntilDone(options)).rejects.toThrow('a migration failed');
  expect(calls()).toBe(2);
});

test('gives up in time and names what is missing', async () => {
  const { options } = rig([new NotYetError('topic x has 2 partitions')]);
  const given = waitUntilDone({ ...options, timeoutMs: 1_000 });
  await expect(given).rejects.toThrow(SetupTimeoutError);
  await expect(given).rejects.toThrow('after 1 s: topic x has 2 partitions');
});

test('can be interrupted while it waits', async () => {
  const { options } = rig([new NotYetError('no server')]);
  const given = waitUntilDone({ ...options, intervalMs: 60_000, signal: AbortSignal.timeout(20) });
  await expect(given).rejects.toThrow(/abort/i);
});
