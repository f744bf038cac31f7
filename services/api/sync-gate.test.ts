import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GateWaitError, createSyncGate } from './sync-gate.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);

/** Work that is told to end, and notes in `ran` that it has begun. */
function works(ran: string[]) {
  const ends = new Map<string, () => void>();
  return {
    work: (name: string) => () => {
      ran.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    },
    end: async (name: string) => {
      ends.get(name)!();
      await settle();
    },
  };
}

test('no more run than there are turns; those that have begun finish first', async () => {
  const ran: string[] = [];
  const { work, end } = works(ran);
  const gate = createSyncGate({ turns: 2, waitMaxMs: 1_000 });
  void gate.begin(work('a'));
  void gate.begin(work('b'));
  void gate.begin(work('c'));
  void gate.begin(work('d'));
  void gate.finish(work('x'));
  await settle();
  expect(ran).toEqual(['a', 'b']);
  await end('a');
  expect(ran).toEqual(['a', 'b', 'x']);
  await end('x');
  await end('b');
  expect(ran).toEqual(['a', 'b', 'x', 'c', 'd']);
});

test('a wait for the first turn ends in time, without the work; later ones are unharmed', async () => {
  const ran: string[] = [];
  const { work, end } = works(ran);
  const gate = createSyncGate({ turns: 1, waitMaxMs: 1_000 });
  void gate.begin(work('a'));
  const refused = gate.begin(work('late')).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(600);
  expect(gate.oldestWaitMs()).toBe(600);
  const last = gate.begin(work('b'));
  const finishing = gate.finish(work('x'));
  await vi.advanceTimersByTimeAsync(400);
  expect(await refused).toBeInstanceOf(GateWaitError);
  expect(gate.oldestWaitMs()).toBe(400);
  await end('a');
  await end('x');
  await end('b');
  await expect(Promise.all([last, finishing])).resolves.toEqual(['b', 'x']);
  expect(ran).toEqual(['a', 'x', 'b']);
  expect(gate.oldestWaitMs()).toBe(0);
  await vi.advanceTimersByTimeAsync(5_000);
});

test('a turn is given back when the work fails', async () => {
  const gate = createSyncGate({ turns: 1, waitMaxMs: 1_000 });
  const failing = gate.begin(() => Promise.reject(new Error('gone')));
  await expect(failing).rejects.toThrow('gone');
  await expect(gate.finish(async () => 'next')).resolves.toBe('next');
});
