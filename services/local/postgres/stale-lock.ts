import { execFile } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess, identityOf } from '../process-identity.ts';

const run = promisify(execFile);

/** No system gives out a pid like this one. */
const NO_SUCH_PID = 2_147_483_646;

/**
 * Mends the lock files of a server that was killed. Postgres removes a stale one by itself, unless its pid is in
 * use again by some other process: then it refuses to start. Such a pid is replaced by one that cannot exist, so
 * that Postgres goes on to its second check, of the shared memory, and notices backends that are still alive.
 * A postmaster that does run on this directory is ended.
 */
export async function mendStaleLock(directory: string, stopTimeoutMs: number): Promise<void> {
  const pid = await firstLineAsPid(join(directory, 'postmaster.pid'));
  if (pid !== undefined && (await runsOn(pid, directory))) {
    const identity = await identityOf(pid);
    if (identity) await endProcess(identity, { signal: 'SIGINT', timeoutMs: stopTimeoutMs });
  }
  const sockets = (await readdir(directory).catch(() => [])).filter((name) =>
    /^\.s\.PGSQL\.\d+\.lock$/.test(name),
  );
  for (const name of ['postmaster.pid', ...sockets]) await disown(join(directory, name));
}

async function disown(file: string): Promise<void> {
  const pid = await firstLineAsPid(file);
  if (pid === undefined || !exists(pid)) return;
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^-?\d+/, String(NO_SUCH_PID)));
}

/** As Postgres asks: also true of a process that has ended and waits for its parent to notice. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function firstLineAsPid(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // A negative pid marks a single-user server.
  const pid = Math.abs(Number.parseInt(text, 10));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

async function runsOn(pid: number, directory: string): Promise<boolean> {
  const command = await commandLine(pid);
  return command.includes('postgres') && command.includes(`-D ${directory} `);
}

async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text.replaceAll('\0', ' ');
  }
  return run('ps', ['-o', 'command=', '-ww', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
