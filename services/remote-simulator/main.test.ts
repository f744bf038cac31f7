import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';

let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'simulator-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function startSimulator(env: Record<string, string>): Promise<Running> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, SIMULATOR_PORT: '0', SIMULATOR_LATENCY_MS: '5', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port } = JSON.parse(line) as { msg: string; port: number };
    if (msg === 'listening') return { child, url: `http://127.0.0.1:${port}` };
  }
  throw new Error('the simulator did not start');
}

async function post(url: string, key: string): Promise<string | undefined> {
  const headers = { 'idempotency-key': key };
  const reply = await fetch(`${url}/effects`, { method: 'POST', body: '{}', headers }).catch(() => undefined);
  return reply?.status === 200 ? reply.text().catch(() => undefined) : undefined;
}

test('every effect that was answered survives kill -9, and is answered the same way', async () => {
  const env = { LEDGER_FILE: join(directory, 'ledger.ndjson') };
  const first = await startSimulator(env);
  const answers = new Map<string, string>();
  const callUntilItFails = async (client: number): Promise<void> => {
    for (let n = 0; ; n++) {
      const key = `${client}-${n}`;
      const answer = await post(first.url, key);
      if (answer === undefined) return;
      answers.set(key, answer);
      // In the middle of it: some are answered, some are written, some are on their way.
      if (answers.size === 100) first.child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, client) => callUntilItFails(client)));
  expect(answers.size).toBeGreaterThanOrEqual(100);

  const second = await startSimulator(env);
  for (const [key, answer] of answers) expect(await post(second.url, key)).toBe(answer);
  second.child.kill('SIGTERM');
  expect(await once(second.child, 'exit')).toEqual([0, null]);
}, 60_000);
