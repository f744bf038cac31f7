import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataDirectory } from '../../services/local/data-directory.ts';
import { dataDirectory } from '../../services/local/data-directory.ts';
import { endLeftovers } from '../../services/local/supervisor/leftovers.ts';
import { identityOf } from '../../services/local/process-identity.ts';

const PREFIX = 'sluice-kube-';
const NAME = new RegExp(`^${PREFIX}(\\d+)-`);
const LEFTOVER_STOP = { stopSignal: 'SIGKILL', stopTimeoutMs: 1_000 } as const;

/**
 * A temporary directory for the data, keys and logs of one cluster. What runs that were killed have left, processes
 * and directories, is cleared away first.
 */
export async function createRunDirectory(root = tmpdir()): Promise<DataDirectory> {
  await clearAbandoned(root);
  return dataDirectory(await mkdtemp(join(root, `${PREFIX}${process.pid}-`)));
}

/**
 * Ends the processes of a run and removes its directory when this process dies without having done so itself. The
 * one returned is to be killed by who has.
 */
export function watchOver(data: DataDirectory): ChildProcess {
  const script = join(import.meta.dirname, 'when-orphaned.sh');
  const stdio: StdioOptions = ['pipe', 'ignore', 'ignore'];
  const watcher = spawn('/bin/sh', [script, data.path], { stdio, detached: true, cwd: '/' });
  watcher.on('error', () => {});
  watcher.unref();
  return watcher;
}

/** Resolves to the directories that were removed. */
export async function clearAbandoned(root: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(root)) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || (await identityOf(Number(pid)))) continue;
    const data = dataDirectory(join(root, name));
    await endLeftovers(data.pidDir, () => LEFTOVER_STOP);
    await rm(data.path, { recursive: true, force: true });
    removed.push(data.path);
  }
  return removed;
}
