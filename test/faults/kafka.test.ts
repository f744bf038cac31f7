import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FaultStack, LOAD } from './fault-stack.ts';
import { play } from './round.ts';

const stack = FaultStack.forThisFile();

const STAGES = ['relay', 'validate', 'remote', 'persist'] as const;

/**
 * Well below the session of a group member, which is 10 s: nobody waits until that of its former self is over. The
 * longest wait between two attempts, a second, the way of a payment to its end and the join are in it.
 */
const BACK_MS = 8_000;

test('Kafka is killed, and started again by the supervisor', async () => {
  const { faults, tally, recoveries } = await play(stack, {
    ...LOAD,
    name: 'kill -9 Kafka',
    fault: async ({ recovered }) => {
      for (let kill = 0; kill < 2; kill++) {
        await stack.killAndWait('kafka');
        await recovered();
        await sleep(1_000);
      }
    },
  });
  expect(faults).toEqual([]);
  expect(Math.max(...recoveries)).toBeLessThan(BACK_MS);
  expect(tally).toMatchObject({ refusals: 0, lost: 0 });
});

test('Kafka is stopped for 20 s: accepting goes on without an error', async () => {
  const { faults, tally, recoveries } = await play(stack, {
    ...LOAD,
    name: 'Kafka stopped for 20 s',
    fault: async ({ recovered }) => {
      await stack.handles.stopKafka();
      await sleep(20_000);
      await stack.handles.startKafka();
      await recovered();
    },
    minAccepted: 1_000,
  });
  expect(faults).toEqual([]);
  expect(Math.max(...recoveries)).toBeLessThan(BACK_MS);
  expect(tally).toMatchObject({ refusals: 0, lost: 0 });
});

test('Kafka is restarted gracefully, three times: no consumer dies silently', async () => {
  const { faults, tally, recoveries } = await play(stack, {
    ...LOAD,
    name: 'Kafka restarted gracefully',
    fault: async ({ recovered }) => {
      for (let restart = 0; restart < 3; restart++) {
        await stack.handles.stopKafka();
        await stack.handles.startKafka();
        await recovered();
        await sleep(1_000);
      }
    },
  });
  expect(faults).toEqual([]);
  expect(Math.max(...recoveries)).toBeLessThan(BACK_MS);
  expect(tally).toMatchObject({ refusals: 0, lost: 0 });
});

test('Kafka loses its disk under load: everything accepted still ends', async () => {
  const { faults, tally } = await play(stack, {
    ...LOAD,
    name: 'disk of Kafka wiped',
    fault: async () => {
      // Work that is on its way when the disk goes: the remote stage is not there to take it.
      await stack.scale('remote', 0);
      await sleep(3_000);
      await stack.handles.wipeKafka();
      await stack.scale('remote', 1);
      await stack.handles.startKafka();
    },
  });
  expect(faults).toEqual([]);
  expect(tally).toMatchObject({ refusals: 0, lost: 0 });
});

test('Kafka is not there when the services start, and has no topics when it comes', async () => {
  const { faults, tally } = await play(stack, {
    ...LOAD,
    name: 'Kafka absent at start',
    fault: async () => {
      for (const stage of STAGES) await stack.stack.supervisor.scale(stage, 0);
      await stack.handles.wipeKafka();
      for (const stage of STAGES) await stack.scale(stage, 1);
      await sleep(15_000);
      await stack.handles.startKafka();
    },
  });
  expect(faults).toEqual([]);
  expect(tally).toMatchObject({ refusals: 0, lost: 0 });
});
