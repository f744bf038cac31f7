import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { createPayments, toBody } from '../lib/payments.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 60_000;

/** A local stack that was started by `npm start -- --no-demo`, as a user would. */
export interface LocalRun {
  /** Of npm; everything else descends from it. */
  readonly pid: number;
  readonly dataDir: string;
  /** From the command to the first transaction in its terminal state. */
  readonly secondsToFirstDone: number;
  /** Like Ctrl-C. */
  stop(): Promise<void>;
}

/** @throws Error with the last output when nothing was done in time */
export async function startLocal(env: NodeJS.ProcessEnv, dataDir: string): Promise<LocalRun> {
  const began = performance.now();
  const child = spawn('npm', ['start', '--silent', '--', '--no-demo'], {
    cwd: ROOT,
    env: { ...env, SLUICE_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    });
  try {
    await firstDone(child, join(dataDir, 'local.env'));
  } catch (error) {
    await stopLocal(child);
    throw new Error(`npm start did not get a transaction done:\n${output}`, { cause: error });
  }
  const secondsToFirstDone = (performance.now() - began) / 1_000;
  return { pid: child.pid!, dataDir, secondsToFirstDone, stop: () => stopLocal(child) };
}

/** Submits a payment as soon as there is anything to submit to, and waits until it is done. */
async function firstDone(child: ChildProcess, envFile: string): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  const body = toBody(createPayments({ seed: 1, accounts: 1_000 })());
  let id: string | undefined;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
    const apiUrl = parseEnv(await readFile(envFile, 'utf8').catch(() => ''))['API_URL'];
    if (apiUrl !== undefined) {
      id ??= await submit(apiUrl, body);
      if (id !== undefined && (await isDone(apiUrl, id))) return;
    }
    await sleep(20);
  }
  throw new Error('It took too long.');
}

async function submit(apiUrl: string, body: string): Promise<string | undefined> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${apiUrl}/v1/transactions`, { method: 'POST', headers, body }).catch(
    () => undefined,
  );
  return reply?.status === 202 ? ((await reply.json()) as { id: string }).id : undefined;
}

async function isDone(apiUrl: string, id: string): Promise<boolean> {
  const reply = await fetch(`${apiUrl}/v1/transactions/${id}?wait=1s`).catch(() => undefined);
  return reply?.status === 200 && ((await reply.json()) as { state: string }).state === 'done';
}

async function stopLocal(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill('SIGINT');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(late);
}
