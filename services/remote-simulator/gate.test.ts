import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

const settings = { capacity: 2, overflow: 'queue', queueMax: 2 } as const;

test('lets in up to the capacity, queues up to the bound, refuses the rest', async () => {
  const gate = new Gate(settings);
  expect([gate.enter(), gate.enter()]).toEqual([true, true]);
  const third = gate.enter();
  const fourth = gate.enter();
  expect(gate.enter()).toBe(false);
  expect(gate).toMatchObject({ inFlight: 2, queued: 2 });
  gate.leave();
  await expect(third).resolves.toBe(true);
  gate.leave();
  await expect(fourth).resolves.toBe(true);
  expect(gate).toMatchObject({ inFlight: 2, queued: 0 });
});

test('refuses at once when it is told to', () => {
  const gate = new Gate({ ...settings, overflow: 'refuse' });
  expect([gate.enter(), gate.enter(), gate.enter()]).toEqual([true, true, false]);
});

test('more capacity lets the waiting in', async () => {
  const gate = new Gate(settings);
  void gate.enter();
  void gate.enter();
  const waiting = gate.enter();
  gate.configure({ ...settings, capacity: 0 });
  await expect(waiting).resolves.toBe(true);
  expect(gate.inFlight).toBe(3);
});

test('never lets more in than the capacity, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (steps) => {
      const gate = new Gate({ capacity: 3, overflow: 'queue', queueMax: 5 });
      for (const arrives of steps) {
        if (arrives) void gate.enter();
        else if (gate.inFlight > 0) gate.leave();
        expect(gate.inFlight).toBeLessThanOrEqual(3);
        expect(gate.queued).toBeLessThanOrEqual(gate.inFlight === 3 ? 5 : 0);
      }
    }),
  );
});
