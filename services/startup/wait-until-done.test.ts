import { expect, test } from 'vitest';
import { NotYetError, WaitedTooLongError, waitUntilDone } from './wait-until-done.ts';

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

test('says what it waits for: at once, when something else is missing, and more and more seldom', async () => {
  const server = new NotYetError('no server');
  const waits = Array.from({ length: 24 }, (_, index) =>
    index === 1 ? new NotYetError('no database') : server,
  );
  const { options, told } = rig([...waits, 'done']);
  const toldAt: number[] = [];
  const onWait = (error: NotYetError, waitedMs: number): void => {
    options.onWait(error);
    toldAt.push(waitedMs);
  };
  await waitUntilDone({ ...options, onWait });
  expect(told).toEqual(['no server', 'no database', 'no server', 'no server', 'no server']);
  // 300 ms after the first time, 600 ms after the second, 1,200 ms after the third.
  expect(toldAt).toEqual([100, 200, 400, 1_000, 2_200]);
});

test('anything else ends the waiting at once', async () => {
  const { options, calls } = rig([new NotYetError('no server'), new Error('a migration failed')]);
  await expect(waitUntilDone(options)).rejects.toThrow('a migration failed');
  expect(calls()).toBe(2);
});

test('gives up in time and names what is missing', async () => {
  const { options } = rig([new NotYetError('topic x has 2 partitions')]);
  const given = waitUntilDone({ ...options, timeoutMs: 1_000 });
  await expect(given).rejects.toThrow(WaitedTooLongError);
  await expect(given).rejects.toThrow('after 1 s: topic x has 2 partitions');
});

test('can be interrupted while it waits', async () => {
  const { options } = rig([new NotYetError('no server')]);
  const given = waitUntilDone({ ...options, intervalMs: 60_000, signal: AbortSignal.timeout(20) });
  await expect(given).rejects.toThrow(/abort/i);
});

test('an attempt that hangs is not waited for', async () => {
  const { options } = rig([]);
  const hanging = { ...options, attempt: () => new Promise<string>(() => {}) };
  await expect(waitUntilDone({ ...hanging, signal: AbortSignal.timeout(20) })).rejects.toThrow(/abort/i);
});

test('nothing is begun after the interruption', async () => {
  const { options, calls } = rig(['done']);
  await expect(waitUntilDone({ ...options, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  expect(calls()).toBe(0);
});
