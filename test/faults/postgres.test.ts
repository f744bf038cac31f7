import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FaultStack, LOAD } from './fault-stack.ts';
import { play } from './round.ts';

const stack = FaultStack.forThisFile();

test('Postgres is killed, and started again by the supervisor', async () => {
  const { faults, tally } = await play(stack, {
    ...LOAD,
    name: 'kill -9 Postgres',
    fault: async ({ recovered }) => {
      for (let kill = 0; kill < 3; kill++) {
        await stack.killAndWait('postgres');
        await recovered();
        await sleep(1_000);
      }
    },
  });
  expect(faults).toEqual([]);
  expect(tally.refusals).toBeGreaterThan(0);
});

test('Postgres is stopped for 10 s: 503 with Retry-After, and no false 202', async () => {
  const { faults, tally } = await play(stack, {
    ...LOAD,
    name: 'Postgres stopped for 10 s',
    fault: async () => {
      await stack.handles.stopPostgres();
      await sleep(10_000);
      await stack.handles.startPostgres();
    },
  });
  expect(faults).toEqual([]);
  expect(tally.refusals).toBeGreaterThan(0);
});
