import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessIdentity } from '../process-identity.ts';
import { isAlive } from '../process-identity.ts';

let directory: string;
let parent: ChildProcess;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parent-death-'));
});
afterEach(async () => {
  parent.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** A supervisor with one process that knows of its parent and one that does not. */
const PARENT = `
const { ManagedProcess } = await import(${JSON.stringify(join(import.meta.dirname, 'managed-process.ts'))});
const start = (name, parentDeath, args) => new ManagedProcess({
  name,
  prepare: async () => ({ command: process.execPath, args, env: {} }),
  probe: async () => true,
  logFile: 'DIRECTORY/' + name + '.log',
  pidFile: 'DIRECTORY/' + name + '.pid',
  parentDeath,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 1000,
}).start();
const stay = 'setInterval(() => {}, 1000)';
await start('service', 'watch', ['--import', ${JSON.stringify(join(import.meta.dirname, '..', 'parent-watch.ts'))}, '-e', stay]);
await start('server', 'guard', ['-e', stay]);
console.log('started');
`;

test('when the supervisor is killed, its processes end by themselves', async () => {
  const script = PARENT.replaceAll('DIRECTORY', directory);
  parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => parent.stdout!.once('data', resolve));
  const identities = await Promise.all(
    ['service', 'server'].map(async (name): Promise<ProcessIdentity> =>
      JSON.parse(await readFile(join(directory, `${name}.pid`), 'utf8')),
    ),
  );
  for (const identity of identities) expect(await isAlive(identity)).toBe(true);
  // A process that has only just begun has not loaded parent-watch.ts yet.
  await sleep(500);
  parent.kill('SIGKILL');
  const giveUpMs = performance.now() + 10_000;
  for (const identity of identities) {
    while ((await isAlive(identity)) && performance.now() < giveUpMs) await sleep(20);
    expect(await isAlive(identity)).toBe(false);
  }
});
