import { setTimeout as sleep } from 'node:timers/promises';
import type { Lock } from '../../services/local/lock.ts';
import { LockedError, acquireLock } from '../../services/local/lock.ts';

const WAIT_MS = 500;

/** Does something while it holds a lock; waits for another process that has it. */
export async function withLock<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(lockFile);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function takeLock(lockFile: string): Promise<Lock> {
  for (;;) {
    try {
      return await acquireLock(lockFile);
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      await sleep(WAIT_MS);
    }
  }
}
