import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ScalerState } from '../../services/local/operator/operator-client.ts';
import { readScalers } from '../../services/local/operator/operator-client.ts';
import type { Crash } from '../../services/local/supervisor/managed-process.ts';
import type { StageView } from '../../services/local/supervisor/supervisor.ts';
import { createPayments, toBody } from '../../load/lib/payments.ts';
import type { TestDatabase } from '../fixtures/database.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { kafkaBrokers } from '../fixtures/services-under-test.ts';
import type { TestStack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';
import { until } from '../fixtures/until.ts';

let stack: TestStack;
let database: TestDatabase;
const crashes: Crash[] = [];
beforeAll(async () => {
  database = await createTestDatabase('local-operator');
  stack = await startStack({
    operator: true,
    replicas: { persist: 1 },
    remoteLatencyMs: 200,
    env: {
      // On servers that run already, as local mode does where it is given some.
      KAFKA_BROKERS: kafkaBrokers().join(','),
      DATABASE_URL: database.url,
      SLUICE_TOPIC_PREFIX: `local-operator-${process.pid}`,
      // 25 calls a second for each process.
      REMOTE_CONCURRENCY: '5',
    },
    onCrash: (crash) => crashes.push(crash),
  });
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await database?.drop();
});

const scalers = (): Promise<ScalerState[]> => readScalers(stack.endpoints.operatorUrl!);

async function scaler(name: string): Promise<ScalerState> {
  return (await scalers().catch(() => [])).find((one) => one.name === name)!;
}

async function wanted(stage: string): Promise<number> {
  const response = await fetch(`${stack.endpoints.supervisorUrl}/stages/${stage}`);
  return ((await response.json()) as StageView).replicas;
}

test('the operator is one more process, and knows the lag of every stage', async () => {
  expect([...stack.pids().keys()]).toContain('operator-1');
  await until('all to be known', async () => {
    const found = await scalers();
    return found.length === 3 && found.every(({ lagKnown }) => lagKnown);
  });
  const modes = (await scalers()).map(({ name, mode }) => [name, mode]);
  expect(modes).toEqual([
    ['persist', 'paused'],
    ['remote', 'active'],
    ['validate', 'active'],
  ]);
});

test('under load the remote stage grows; what was set by hand stays', async () => {
  const payment = createPayments({ seed: 1, accounts: 1_000 });
  const post = async (): Promise<void> => {
    const response = await fetch(`${stack.endpoints.apiUrl}/v1/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: toBody(payment()),
    });
    await response.arrayBuffer();
  };
  for (let batch = 0; batch < 40; batch++) await Promise.all(Array.from({ length: 40 }, post));
  await until('more processes for the remote stage', async () => (await wanted('remote')) >= 2, 60_000);
  const { measured, reason } = await scaler('remote');
  expect(measured.lagRecords).toBeGreaterThan(0);
  expect(reason).not.toBe('LagUnknown');
  expect(await wanted('persist')).toBe(1);
}, 120_000);

test('an operator that is killed is started again; the stages keep what they have', async () => {
  const before = await wanted('remote');
  stack.kill('operator-1', 'SIGKILL');
  await until('the restart', () => stack.process('operator-1').restarts === 1);
  await stack.ready('operator-1');
  await until('a new decision', async () => (await scaler('remote'))?.lagKnown);
  expect(await wanted('remote')).toBeGreaterThanOrEqual(before);
  expect(crashes.map(({ name }) => name)).toEqual(['operator-1']);
});
