import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { InterruptedError } from '../lib/interruption.ts';
import { createPayments, toBody } from '../lib/payments.ts';
import { readProcesses } from '../lib/process-usage.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_TIMEOUT_MS = 300_000;
const REQUEST_TIMEOUT_MS = 5_000;
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

/**
 * Starts it and waits for a first transaction to be done.
 * @throws Error with the last output when nothing was done in time; what `interrupted` rejects with
 */
export async function startLocal(
  env: NodeJS.ProcessEnv,
  dataDir: string,
  interrupted: Promise<never>,
): Promise<LocalRun> {
  const began = performance.now();
  const child = spawn('npm', ['start', '--silent', '--', '--no-demo'], {
    cwd: ROOT,
    env: { ...env, SLUICE_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C reaches all of a terminal's group, and so does `stopLocal`.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    });
  try {
    await Promise.race([firstDone(child, join(dataDir, 'local.env')), interrupted]);
  } catch (error) {
    await stopLocal(child);
    if (error instanceof InterruptedError) throw error;
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
  let last = 'The API was never there';
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
    const apiUrl = parseEnv(await readFile(envFile, 'utf8').catch(() => ''))['SLUICE_API_URL'];
    if (apiUrl !== undefined) {
      const reply = id === undefined ? await submit(apiUrl, body) : await ask(apiUrl, id);
      last = `${reply.status}: ${JSON.stringify(reply.body)}`;
      if (reply.status === 202) id = reply.body.id;
      if (reply.body.state === 'done') return;
    }
    await sleep(20);
  }
  throw new Error(`It took too long. The last answer was ${last}.`);
}

interface Reply {
  /** 0: no answer. */
  readonly status: number;
  readonly body: { readonly id?: string; readonly state?: string };
}

function submit(apiUrl: string, body: string): Promise<Reply> {
  const headers = { 'content-type': 'application/json' };
  return request(`${apiUrl}/v1/transactions`, { method: 'POST', headers, body });
}

function ask(apiUrl: string, id: string): Promise<Reply> {
  return request(`${apiUrl}/v1/transactions/${id}?wait=1s`, {});
}

async function request(url: string, init: RequestInit): Promise<Reply> {
  try {
    const reply = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    return { status: reply.status, body: (await reply.json()) as Reply['body'] };
  } catch {
    return { status: 0, body: {} };
  }
}

/** npm ends before what it has started has ended: waits for all of it. */
async function stopLocal(child: ChildProcess): Promise<void> {
  const pid = child.pid!;
  const all = [pid, ...(await readProcesses()).descendants(pid)];
  signalGroup(pid, 'SIGINT');
  const end = performance.now() + STOP_TIMEOUT_MS;
  for (;;) {
    const table = await readProcesses();
    const left = all.filter((one) => table.alone(one) !== undefined);
    if (left.length === 0) return;
    if (performance.now() > end) signalGroup(pid, 'SIGKILL');
    await sleep(50);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Everybody in it has ended.
  }
}
