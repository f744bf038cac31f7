import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityOf, isAlive } from '../../../services/local/process-identity.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'end-node.sh');

let root: string;
let state: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'end-node-'));
  state = join(root, 'node');
  await mkdir(state);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A process whose executable is `path`. */
async function runAs(path: string) {
  await copyFile('/bin/sleep', path);
  const child = spawn(path, ['600'], { stdio: 'ignore', detached: true });
  return (await identityOf(child.pid!))!;
}

test.runIf(process.platform === 'linux')(
  'ends its own first process and nobody else, and clears up',
  async () => {
    const own = await runAs(join(state, 'pause'));
    const other = await runAs(join(root, 'pause'));
    const mountpoint = join(root, 'mountpoint');
    await mkdir(mountpoint);
    await writeFile(join(state, 'mountpoints'), `${mountpoint}\n`);
    await run('sh', [SCRIPT, state]);
    expect(await isAlive(own)).toBe(false);
    expect(await isAlive(other)).toBe(true);
    process.kill(other.pid, 'SIGKILL');
    expect(await readdir(root)).toEqual(['pause']);
  },
);

test.runIf(process.platform === 'linux')('where there is no node it does nothing', async () => {
  await rm(state, { recursive: true });
  await run('sh', [SCRIPT, state]);
  expect(await readdir(root)).toEqual([]);
});
