import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/**
 * A process proven to be the one it was: pids are used again, a pid together with its start time is not.
 * `startedAt` is opaque text; on Linux it includes the boot, since start times count from it.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

export const processIdentitySchema = z.object({ pid: z.number().int().positive(), startedAt: z.string() });

const run = promisify(execFile);

/** The identity of a live process, or undefined when there is none with this pid (zombies count as dead). */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = process.platform === 'linux' ? await linuxStart(pid) : await psStart(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether exactly this process still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identityOf(identity.pid))?.startedAt === identity.startedAt;
}

export interface EndOptions {
  readonly signal: NodeJS.Signals;
  /** Ms to wait before SIGKILL. */
  readonly timeoutMs: number;
}

/** Ends a process if it is still the one named: asks by `signal`, then kills. Resolves when it is gone. */
export async function endProcess(identity: ProcessIdentity, options: EndOptions): Promise<void> {
  if (!(await isAlive(identity))) return;
  signalProcess(identity.pid, options.signal);
  // A stopped process gets its signals only when it is continued.
  signalProcess(identity.pid, 'SIGCONT');
  if (await gone(identity, options.timeoutMs)) return;
  signalProcess(identity.pid, 'SIGKILL');
  await gone(identity, 10_000);
}

/** Sends a signal; a process that has just ended is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function gone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

async function linuxStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 2 is the command in parentheses and may hold anything; the rest is counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X') return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}/${startTicks}`;
  } catch {
    return undefined;
  }
}

async function psStart(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    const [state, ...start] = stdout.trim().split(/\s+/);
    return !state || state.startsWith('Z') ? undefined : start.join(' ');
  } catch {
    return undefined;
  }
}
