import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { until } from '../fixtures/until.ts';
import { FaultStack, LOAD as USUAL } from './fault-stack.ts';
import { play } from './round.ts';

/** Few attempts, so that calls without an answer come to an end by way of compensation. */
const ENVIRONMENT = { REMOTE_MAX_ATTEMPTS: '4' };
const LATENCY_MS = 50;
const HEALTHY = {
  meanMs: LATENCY_MS,
  capacity: 0,
  overflow: 'queue',
  errorBeforeRate: 0,
  errorAfterRate: 0,
  hangBeforeRate: 0,
  hangAfterRate: 0,
};

const stack = FaultStack.forThisFile({ env: ENVIRONMENT, remoteLatencyMs: LATENCY_MS });
beforeEach(async () => {
  await stack.configureRemote(HEALTHY);
});

const LOAD = { ...USUAL, beforeMs: 2_000, afterMs: 4_000, settleMs: 120_000 };
const FAULT_MS = 10_000;
const OPEN = 2;

interface Counts {
  readonly hung: number;
  readonly errors: number;
  readonly refusedBusy: number;
  readonly reversals: number;
  readonly duplicates: number;
}

async function ledger(): Promise<Counts> {
  const response = await fetch(`${stack.endpoints.remoteUrl}/ledger/summary`);
  return (await response.json()) as Counts;
}

const circuit = () => stack.metric('remote', 'sluice_remote_circuit_state');

async function countOf(condition: string): Promise<number> {
  const [row] = await stack.query<{ n: number }>(
    `select count(*)::int as n from transaction where ${condition}`,
  );
  return row!.n;
}

/** Sets the remote to be like this for a while. */
const behaving = (settings: Readonly<Record<string, number | string>>, forMs = FAULT_MS) =>
  async function fault(): Promise<void> {
    await stack.configureRemote(settings);
    await sleep(forMs);
    await stack.configureRemote(HEALTHY);
  };

test('the remote hangs, before and after the effect: done once, or undone', async () => {
  const { faults, states } = await play(stack, {
    ...LOAD,
    name: 'remote hangs',
    fault: behaving({ hangBeforeRate: 0.25, hangAfterRate: 0.25 }),
    minDone: 0.6,
  });
  expect(faults).toEqual([]);
  expect((await ledger()).hung).toBeGreaterThan(20);
  expect(states['good done']).toBeGreaterThan(0);
});

test('the remote answers 500, before and after the effect', async () => {
  const before = await ledger();
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'remote answers 500',
    fault: behaving({ errorBeforeRate: 0.25, errorAfterRate: 0.25 }),
    minDone: 0.6,
  });
  expect(faults).toEqual([]);
  const after = await ledger();
  expect(after.errors - before.errors).toBeGreaterThan(50);
  // Effects were taken and not told of: asked again, or undone.
  expect(after.duplicates + after.reversals).toBeGreaterThan(before.duplicates + before.reversals);
});

test('the remote is down for 20 s: only the remote stage waits, and its circuit opens and closes', async () => {
  const simulator = stack.process('remote-simulator-1');
  let opened = false;
  const { faults, tally } = await play(stack, {
    ...LOAD,
    name: 'remote down for 20 s',
    fault: async () => {
      await simulator.stop();
      const deadline = performance.now() + 20_000;
      const validatedBefore = await countOf("type = 'payment' and state = 'validated'");
      while (performance.now() < deadline) {
        opened ||= (await circuit()) === OPEN;
        await sleep(500);
      }
      const waiting = await countOf("type = 'payment' and state = 'validated'");
      expect(waiting - validatedBefore).toBeGreaterThan(100);
      expect(await countOf("type = 'payment' and state = 'accepted'")).toBeLessThan(100);
      await simulator.start();
      await simulator.whenReady(60_000);
    },
    minAccepted: 1_000,
    minDone: 0.8,
  });
  expect(faults).toEqual([]);
  expect(tally).toMatchObject({ refusals: 0, lost: 0 });
  expect(opened).toBe(true);
  await until('the circuit to close', async () => (await circuit()) === 0);
});

test('the remote takes 5 s for each call, longer than we wait', async () => {
  const { faults } = await play(stack, {
    ...LOAD,
    ratePerSecond: 25,
    name: 'remote takes 5 s',
    fault: behaving({ meanMs: 5_000 }, 12_000),
    minDone: 0.4,
  });
  expect(faults).toEqual([]);
});

test('the remote takes five calls at a time, the others wait', async () => {
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'remote of capacity 5',
    fault: behaving({ capacity: 5, meanMs: 80 }),
    minDone: 0.8,
  });
  expect(faults).toEqual([]);
});

test('the remote takes two calls at a time and refuses the others', async () => {
  const before = await ledger();
  // More than four times for many: none of these counts as an attempt, and nearly all are done.
  const { faults } = await play(stack, {
    ...LOAD,
    name: 'remote refuses beyond capacity 2',
    fault: behaving({ capacity: 2, overflow: 'refuse', meanMs: 100 }),
  });
  expect(faults).toEqual([]);
  expect((await ledger()).refusedBusy - before.refusedBusy).toBeGreaterThan(50);
});
