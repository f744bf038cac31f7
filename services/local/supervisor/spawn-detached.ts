import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { setPriority } from 'node:os';

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Scheduling priority as in nice(1): 0 to 19, higher gives way to lower. Default 0. */
  readonly niceness?: number | undefined;
}

/**
 * How a process ends when the supervisor dies. watch: by itself, when its IPC channel closes (parent-watch.ts).
 * guard: a shell ends it.
 */
export type ParentDeath = 'watch' | 'guard';

/**
 * Starts a process in a session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops
 * things in order. Rejects when it cannot be started.
 */
export async function spawnDetached(
  spec: ProcessSpec,
  logFd: number,
  parentDeath: ParentDeath,
): Promise<ChildProcess> {
  const stdio: StdioOptions = ['ignore', logFd, logFd];
  if (parentDeath === 'watch') stdio.push('ipc');
  const { command, args, env, cwd, uid, gid } = spec;
  const child = spawn(command, [...args], {
    env,
    stdio,
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  await spawned(child);
  giveWay(child, spec.niceness);
  return child;
}

function giveWay(child: ChildProcess, niceness = 0): void {
  if (niceness === 0 || child.pid === undefined) return;
  try {
    setPriority(child.pid, niceness);
  } catch {
    // It has ended already, or the platform does not know priorities: nothing depends on it.
  }
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}
