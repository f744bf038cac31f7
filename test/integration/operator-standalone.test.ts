import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecording } from '../../operator/loop/recording.ts';
import type { ScalerView } from '../../operator/loop/status-view.ts';
import { PortAllocator } from '../../services/local/free-port.ts';
import type { TestBroker } from '../fixtures/broker.ts';
import { createTestBroker } from '../fixtures/broker.ts';
import type { ForeignConsumers } from '../fixtures/foreign-consumers.ts';
import { startForeignConsumers } from '../fixtures/foreign-consumers.ts';
import { kafkaBrokers } from '../fixtures/services-under-test.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { until } from '../fixtures/until.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const SLUICE = join(ROOT, 'bin', 'sluice.mjs');

const ports = new PortAllocator();
let broker: TestBroker;
let consumers: ForeignConsumers;
let operator: ChildProcess;
let directory: string;
let recording: string;
let statusUrl: string;
let adminUrl: string;
let topic: string;

/** What one replica settles per second. */
const CAPACITY = 40;

beforeAll(async () => {
  broker = createTestBroker('standalone');
  topic = broker.topic('work');
  await broker.admin.ensureTopics([{ topic, partitions: 6 }]);
  const group = `${broker.prefix}.worker`;
  consumers = await startForeignConsumers({ group, topic, perSecond: CAPACITY });
  directory = await temporaryDirectory();
  recording = join(directory, 'recording.ndjson');
  const scalers = join(directory, 'scalers');
  await mkdir(scalers);
  await writeFile(join(scalers, 'worker.yaml'), scalerYaml(group));
  await writeFile(
    join(directory, 'operator.yaml'),
    JSON.stringify({ kafka: { default: { brokers: kafkaBrokers() } }, tickSeconds: 0.5 }),
  );
  operator = await startOperator(scalers);
}, 120_000);
afterAll(async () => {
  operator?.kill('SIGTERM');
  await consumers?.close();
  await broker.close();
  await ports.releaseAll();
});

const scalerYaml = (group: string): string => `
apiVersion: sluice.dev/v1alpha1
kind: StageScaler
metadata: { name: worker }
spec:
  scaleTargetRef: { kind: Http, name: worker }
  kafka: { consumerGroup: "${group}", topics: ["${topic}"], offsetReset: earliest }
  objective: { maxAgeSeconds: 5 }
  maxReplicas: 6
  profile: cost
`;

async function startOperator(scalers: string): Promise<ChildProcess> {
  const [statusPort, adminPort] = [await ports.any(), await ports.any()];
  statusUrl = `http://127.0.0.1:${statusPort}`;
  adminUrl = `http://127.0.0.1:${adminPort}`;
  const args = ['--scalers', scalers, '--supervisor', consumers.url, '--status-port', String(statusPort)];
  const more = ['--config', join(directory, 'operator.yaml'), '--record', recording];
  const child = spawn(process.execPath, [SLUICE, 'operator', ...args, ...more], {
    env: { ...process.env, ADMIN_PORT: String(adminPort), LOG_LEVEL: 'error' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until('the operator to be ready', async () => {
    const response = await fetch(`${adminUrl}/readyz`).catch(() => undefined);
    return response?.status === 200;
  });
  return child;
}

async function worker(): Promise<ScalerView> {
  const response = await fetch(`${statusUrl}/scalers`);
  const [view] = (await response.json()) as ScalerView[];
  return view!;
}

const cli = (...args: string[]): Promise<{ stdout: string }> =>
  run(process.execPath, [SLUICE, ...args], {
    cwd: directory,
    env: { ...process.env, SLUICE_OPERATOR_URL: statusUrl },
  });

/** Sends evenly until told to end; resolves to how many. */
async function send(perSecond: number, end: AbortSignal): Promise<number> {
  const stepMs = 200;
  let step = 0;
  for (; !end.aborted; step++) {
    const count = (perSecond * stepMs) / 1_000;
    const due = sleep(stepMs);
    await broker.producer.send(
      Array.from({ length: count }, (_, n) => ({
        topic,
        key: `K${step * count + n}`,
        value: 'x'.repeat(50),
        headers: {},
      })),
    );
    await due;
  }
  return (step * perSecond * stepMs) / 1_000;
}

test('a stage at rest keeps its one replica', async () => {
  const view = await until('a known lag', async () => {
    const found = await worker();
    return found.lagKnown && found;
  });
  expect(view).toMatchObject({
    name: 'worker',
    desired: 1,
    ready: 1,
    decided: 1,
    measured: { partitions: 6 },
  });
});

test('lag rises, and the replicas of consumers that write no metadata follow', async () => {
  const enough = new AbortController();
  const sending = send(3 * CAPACITY, enough.signal);
  await until('more replicas', () => consumers.replicas() >= 2, 30_000);
  await until('enough replicas', () => consumers.replicas() >= 4, 60_000);
  const view = await until('them to be seen', async () => {
    const found = await worker();
    return (found.ready ?? 0) >= 2 && found;
  });
  enough.abort();
  const sent = await sending;
  expect(view.ready).toBeGreaterThanOrEqual(2);
  expect(view.measured.arrivalPerSecond).toBeGreaterThan(CAPACITY);
  await until('all to be settled', () => consumers.settled() >= sent, 60_000);
}, 180_000);

test('explain says why, in words', async () => {
  const { stdout } = await cli('explain', 'worker');
  expect(stdout).toMatch(/^worker: /);
  for (const part of ['Measured', '6 partitions', 'Considered', 'What would change it'])
    expect(stdout).toContain(part);
});

test('metrics tell the same', async () => {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  expect(text).toMatch(/sluice_scaler_replicas\{scaler="worker",kind="desired"\} [2-6]/);
  expect(text).toMatch(/sluice_scaler_decisions_total\{scaler="worker",reason="\w+",result="scaled"\} [1-9]/);
  expect(text).toMatch(/sluice_operator_ticks_total\{outcome="ok"\} [1-9]/);
  expect(text).toMatch(/sluice_operator_kafka_requests_total\{api="OffsetFetch",outcome="ok"\} [1-9]/);
});

test('a supervisor that is out of order is told, and does not end the operator', async () => {
  consumers.fail(503);
  const view = await until(
    'the failure to be told',
    async () => {
      const found = await worker();
      return found.result === 'unread' && found;
    },
    30_000,
  );
  expect(view).toMatchObject({
    reason: 'TargetUnreadable',
    message: expect.stringContaining('503: not now'),
  });
  expect((await fetch(`${adminUrl}/livez`)).status).toBe(200);
  consumers.fail(undefined);
  await until('it to be read again', async () => (await worker()).lagKnown);
});

test('what was observed can be decided again', async () => {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
  const [, ticks] = /sluice_operator_ticks_total\{outcome="ok"\} (\d+)/.exec(metrics)!;
  expect(Number(ticks)).toBeGreaterThan(10);
  const observations = await readRecording(recording);
  // The last ones may still be on their way to the file.
  expect(observations.length).toBeGreaterThanOrEqual(Number(ticks) - 2);
  const { stdout } = await cli('what-if', '--recording', recording, '--max-age', '20', '--svg', 'w.svg');
  expect(stdout).toMatch(/worker +recorded/);
  expect(await readFile(join(directory, 'w.svg'), 'utf8')).toContain('worker: replicas');
});

test('a mistake in a file ends the operator with code 2 and all mistakes', async () => {
  const scalers = join(directory, 'wrong');
  await mkdir(scalers);
  await writeFile(
    join(scalers, 'a.yaml'),
    'kind: StageScaler\nmetadata: { name: a }\nspec: { maxReplica: 3 }\n',
  );
  const args = [SLUICE, 'operator', '--scalers', scalers, '--status-port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(2);
  for (const part of ['apiVersion', 'maxReplica', 'scaleTargetRef']) expect(stderr).toContain(part);
});

test('told to end, it ends in order', async () => {
  const exited = once(operator, 'exit');
  operator.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
});
