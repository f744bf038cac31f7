import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identityOf } from '../../services/local/process-identity.ts';
import type { StageView } from '../../services/local/supervisor/supervisor.ts';
import type { Crash } from '../../services/local/supervisor/managed-process.ts';
import { followOne } from '../../services/local/demo/follow-one.ts';
import type { TestStack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';

let stack: TestStack;
const crashes: Crash[] = [];
beforeAll(async () => {
  stack = await startStack({ onCrash: (crash) => crashes.push(crash) });
}, 180_000);
afterAll(() => stack?.stop());

async function put(stage: string, body: unknown): Promise<Response> {
  return fetch(`${stack.endpoints.supervisorUrl}/stages/${stage}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function view(stage: string): Promise<StageView> {
  const response = await fetch(`${stack.endpoints.supervisorUrl}/stages/${stage}`);
  expect(response.status).toBe(200);
  return (await response.json()) as StageView;
}

async function until(done: () => Promise<boolean> | boolean, timeoutMs = 30_000): Promise<void> {
  const giveUpMs = performance.now() + timeoutMs;
  while (!(await done())) {
    if (performance.now() > giveUpMs) throw new Error('It did not happen in time.');
    await sleep(50);
  }
}

test('a payment goes from POST to done, through every stage', async () => {
  const one = await followOne(stack.endpoints.apiUrl, 'payment');
  expect(one.state).toBe('done');
  expect(one.events.map(({ stage, state }) => `${stage}: ${state}`)).toEqual([
    'api: accepted',
    'validate: validated',
    'remote: processed',
    'persist: done',
  ]);
});

test('the supervisor sets the replicas of a stage, and shows them', async () => {
  expect((await put('remote', { replicas: 2 })).status).toBe(202);
  await until(async () => (await view('remote')).ready === 2);
  const { processes } = await view('remote');
  expect(processes.map(({ name }) => name)).toEqual(['remote-1', 'remote-2']);
  for (const { pid, adminPort, rssBytes } of processes) {
    expect(rssBytes).toBeGreaterThan(20 * 2 ** 20);
    expect((await fetch(`http://127.0.0.1:${adminPort}/livez`)).status).toBe(200);
    expect(await identityOf(pid!)).toBeDefined();
  }
  await put('remote', { replicas: 1 });
  await until(async () => (await view('remote')).processes.length === 1);
});

test('a process that is killed is started again, and work goes on', async () => {
  const before = stack.pids().get('persist-1')!;
  stack.kill('persist-1', 'SIGKILL');
  await until(() => stack.process('persist-1').restarts === 1);
  await stack.ready('persist-1');
  expect(stack.pids().get('persist-1')).not.toBe(before);
  expect(crashes.at(-1)).toMatchObject({ name: 'persist-1', signal: 'SIGKILL', restartInMs: 200 });
  expect((await followOne(stack.endpoints.apiUrl, 'payment')).state).toBe('done');
});

test('the command line finds the stack by a file that only its owner can read', async () => {
  const { envFile } = stack.stack.data;
  expect((await stat(envFile)).mode & 0o777).toBe(0o600);
  expect(await readFile(envFile, 'utf8')).toContain(`SLUICE_API_URL=${stack.endpoints.apiUrl}\n`);
});

test('a stop leaves no process and no lock behind', async () => {
  const pids = [...stack.pids().values()];
  expect(pids).toHaveLength(8);
  await stack.stop();
  const left = await Promise.all(pids.map(identityOf));
  expect(left.filter(Boolean)).toEqual([]);
  await expect(stat(stack.stack.data.lockFile)).rejects.toThrow('ENOENT');
});
