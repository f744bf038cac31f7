import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from '../process-identity.ts';
import type { Crash, ManagedProcessOptions } from './managed-process.ts';
import { ManagedProcess } from './managed-process.ts';

let directory: string;
let running: ManagedProcess[];
let crashes: Crash[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'managed-'));
  running = [];
  crashes = [];
});
afterEach(async () => {
  await Promise.all(running.map((process) => process.stop()));
  await rm(directory, { recursive: true, force: true });
});

/** A process that runs a piece of JavaScript; it is ready once it has written the file `ready`. */
function managed(script: string, more: Partial<ManagedProcessOptions> = {}): ManagedProcess {
  const ready = join(directory, 'ready');
  const one = new ManagedProcess({
    name: 'it',
    prepare: async () => {
      await rm(ready, { force: true });
      return { command: process.execPath, args: ['-e', script], env: { READY: ready } };
    },
    probe: () =>
      stat(ready).then(
        () => true,
        () => false,
      ),
    logFile: join(directory, 'it.log'),
    pidFile: join(directory, 'it.pid'),
    parentDeath: 'watch',
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 2_000,
    backoff: { minMs: 20, maxMs: 80 },
    onCrash: (crash) => crashes.push(crash),
    ...more,
  });
  running.push(one);
  return one;
}

const READY = `require('fs').writeFileSync(process.env.READY, '');`;
const STAY = `${READY} setInterval(() => {}, 1000);`;

test('is ready when its probe says so, and gone after a stop, with its pid file', async () => {
  const it = managed(STAY);
  await it.start();
  await it.whenReady(5_000);
  const identity = JSON.parse(await readFile(join(directory, 'it.pid'), 'utf8'));
  expect(identity.pid).toBe(it.pid);
  expect(await isAlive(identity)).toBe(true);
  await it.stop();
  expect(it.state).toBe('stopped');
  expect(it.pid).toBeUndefined();
  expect(await isAlive(identity)).toBe(false);
  await expect(stat(join(directory, 'it.pid'))).rejects.toThrow('ENOENT');
});

test('is started again after a crash, waiting longer each time, and tells the last lines', async () => {
  const it = managed(`console.log('about to fall'); process.exit(7)`);
  await it.start();
  while (crashes.length < 4) await sleep(10);
  await it.stop();
  expect(crashes.slice(0, 4).map(({ restartInMs }) => restartInMs)).toEqual([20, 40, 80, 80]);
  expect(crashes[0]).toMatchObject({ code: 7, lastLines: ['about to fall'] });
  const { length } = crashes;
  await sleep(200);
  expect(crashes).toHaveLength(length);
});

test('a mistake in the configuration is not tried again', async () => {
  const it = managed(`console.log('PORT is not set'); process.exit(2)`);
  await it.start();
  await expect(it.whenReady(5_000)).rejects.toThrow(/could not start[^]*PORT is not set/);
  expect(it.state).toBe('failed');
  expect(it.restarts).toBe(0);
});

test('one that says it is dead is killed and started again', async () => {
  let live = true;
  let ready = true;
  const it = managed(STAY, { probe: async () => ready, live: async () => live, probeIntervalMs: 20 });
  await it.start();
  await it.whenReady(5_000);
  const { pid } = it;
  live = false;
  await sleep(200);
  expect(it.pid).toBe(pid);
  ready = false;
  while (crashes.length === 0) await sleep(10);
  [live, ready] = [true, true];
  await it.whenReady(5_000);
  expect(it.pid).not.toBe(pid);
  expect(crashes[0]).toMatchObject({ signal: 'SIGKILL' });
});

test('one that does not answer whether it is alive is left alone', async () => {
  const live = async () => {
    throw new Error('timed out');
  };
  let ready = true;
  const it = managed(STAY, { probe: async () => ready, live, probeIntervalMs: 20 });
  await it.start();
  await it.whenReady(5_000);
  ready = false;
  await sleep(300);
  expect(crashes).toEqual([]);
  expect(it.state).toBe('unready');
});

test('one that is not ready in time is told with its log', async () => {
  const it = managed(`console.log('still warming up'); setInterval(() => {}, 1000)`);
  await it.start();
  await expect(it.whenReady(500)).rejects.toThrow(/not ready within 0.5 s[^]*still warming up/);
});

test('one that never gets ready is given up by who waits for it, not by who runs it', async () => {
  const it = managed(`process.exit(1)`);
  await it.start();
  await expect(it.whenReady(10_000)).rejects.toThrow('could not start');
  expect(crashes).toHaveLength(6);
  while (crashes.length === 6) await sleep(10);
  expect(it.restarts).toBeGreaterThanOrEqual(6);
});

test('one that ignores the signal, or is stopped, ends all the same', async () => {
  const it = managed(`process.on('SIGTERM', () => {}); ${STAY}`, { stopTimeoutMs: 200 });
  await it.start();
  await it.whenReady(5_000);
  it.kill('SIGSTOP');
  const identity = JSON.parse(await readFile(join(directory, 'it.pid'), 'utf8'));
  await it.stop();
  expect(await isAlive(identity)).toBe(false);
});

test('a stop during a start leaves nothing running', async () => {
  const it = managed(STAY);
  const starting = it.start();
  await it.stop();
  await starting;
  expect(it.pid).toBeUndefined();
});

test('what an earlier run has left behind is ended before a start', async () => {
  const first = managed(STAY);
  await first.start();
  await first.whenReady(5_000);
  const left = JSON.parse(await readFile(join(directory, 'it.pid'), 'utf8'));
  const second = managed(STAY);
  await second.start();
  expect(await isAlive(left)).toBe(false);
});

test('a pid file of another process with the same pid ends nobody', async () => {
  const bystander = managed(STAY);
  await bystander.start();
  await bystander.whenReady(5_000);
  const pidFile = join(directory, 'old.pid');
  await writeFile(pidFile, JSON.stringify({ pid: bystander.pid, startedAt: 'another boot/1' }));
  const it = managed(STAY, { pidFile });
  await it.start();
  expect(bystander.pid).toBeDefined();
  expect(bystander.restarts).toBe(0);
});
