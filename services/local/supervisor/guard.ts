import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/**
 * Ends a process that knows nothing of us (a JVM, Postgres) when we die, even by SIGKILL: a shell waits on a
 * pipe of which we hold the other end, and sends the signal when the pipe closes.
 */
export function guard(pid: number, signal: NodeJS.Signals): ChildProcess {
  const child = spawn(
    '/bin/sh',
    ['-c', 'read -r _; kill -s "$0" "$1" 2>/dev/null', signal.slice(3), String(pid)],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    },
  );
  child.on('error', () => {});
  child.unref();
  return child;
}
