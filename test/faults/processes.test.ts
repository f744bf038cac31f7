import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FaultStack, LOAD as USUAL } from './fault-stack.ts';
import type { Round } from './round.ts';
import { play } from './round.ts';

const stack = FaultStack.forThisFile();

const LOAD = { ...USUAL, beforeMs: 2_000, afterMs: 2_000, settleMs: 60_000 };
const KILLS = 2;
const BETWEEN_KILLS_MS = 1_000;

/** Kills each of them in turn, several times. */
const killing = (name: string, victims: readonly string[], times = KILLS): Round => ({
  ...LOAD,
  name,
  fault: async ({ recovered }) => {
    for (let kill = 0; kill < times; kill++)
      for (const victim of victims) {
        await stack.killAndWait(victim);
        await recovered();
        await sleep(BETWEEN_KILLS_MS);
      }
  },
});

for (const role of ['api', 'relay', 'validate', 'remote', 'persist', 'remote-simulator'])
  test(`kill -9 of ${role}, again and again`, async () => {
    const { faults } = await play(stack, killing(`kill -9 ${role}`, [`${role}-1`]));
    expect(faults).toEqual([]);
  });

/** Two replicas of everything that can have them, and of each one that is to be a victim. */
const DOUBLED = ['relay', 'validate', 'remote', 'persist'] as const;
const VICTIMS = DOUBLED.map((role, index) => `${role}-${1 + (index % 2)}`);

async function scaleTo(replicas: number): Promise<void> {
  for (const role of DOUBLED) await stack.scale(role, replicas);
  await stack.allReady();
}

test('kill -9 of one of two replicas of each stage and of the relay', async () => {
  await scaleTo(2);
  const { faults } = await play(stack, killing('kill -9 one of two of each', VICTIMS, 1));
  expect(faults).toEqual([]);
});

test('one of two replicas of each stage and of the relay stands still for a minute', async () => {
  await scaleTo(2);
  let recoveredMs = 0;
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'SIGSTOP one of two of each for 60 s',
    fault: async ({ recovered }) => {
      const processes = VICTIMS.map((name) => stack.process(name));
      const pids = processes.map(({ pid }) => pid);
      for (const process of processes) process.kill('SIGSTOP');
      recoveredMs = await recovered();
      await sleep(60_000 - recoveredMs);
      expect(processes.map(({ pid }) => pid)).toEqual(pids);
      for (const process of processes) process.kill('SIGCONT');
    },
    settleMs: 90_000,
  });
  expect(faults).toEqual([]);
  // The others take over while it still stands: neither its partitions nor its locks are kept for it.
  expect(recoveredMs).toBeLessThan(40_000);
});

/** Replicas of the remote stage that have joined their group; where a start takes longer, once there are two. */
async function membersAfter(leastMs: number): Promise<number> {
  await sleep(leastMs);
  for (let waits = 0; ; waits++) {
    const { ready } = await stack.stack.supervisor.view('remote');
    if (ready > 1 || waits === 15) return ready;
    await sleep(1_000);
  }
}

test('rebalance storm: replicas of the remote stage come and go', async () => {
  await scaleTo(1);
  let members = 0;
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'rebalance storm',
    fault: async () => {
      for (let round = 0; round < 4; round++) {
        await stack.scale('remote', 4);
        members = Math.max(members, await membersAfter(5_000));
        await stack.scale('remote', 1);
        await sleep(5_000);
      }
    },
  });
  expect(faults).toEqual([]);
  expect(members).toBeGreaterThan(1);
});
