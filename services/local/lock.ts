import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { readJson } from './atomic-file.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { identityOf, isAlive, processIdentitySchema } from './process-identity.ts';

/** Another live process holds the lock. */
export class LockedError extends Error {
  readonly code = 'locked';
  readonly path: string;
  readonly holder: ProcessIdentity;

  constructor(path: string, holder: ProcessIdentity) {
    super(`Process ${holder.pid} holds ${path}.`);
    this.path = path;
    this.holder = holder;
  }
}

const ATTEMPTS = 20;

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a lock file for this process. One left behind by a process that is gone is taken over.
 * @throws LockedError while its holder lives
 */
export async function acquireLock(path: string): Promise<Lock> {
  const self = await identityOf(process.pid);
  if (!self) throw new Error(`Process ${process.pid} cannot read its own start time.`);
  await mkdir(dirname(path), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    if (await claim(path, self)) return { release: () => rm(path, { force: true }) };
    const holder = await readJson(path, processIdentitySchema);
    if (holder && (await isAlive(holder))) throw new LockedError(path, holder);
    if (attempt === ATTEMPTS) throw new Error(`The lock ${path} could not be taken.`);
    await removeStale(path);
  }
}

/**
 * Moves the lock aside before it is removed, and looks again at what was moved: another process may have taken
 * over a stale lock since it was read, and then gets it back.
 */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  const holder = await readJson(aside, processIdentitySchema);
  if (holder && (await isAlive(holder))) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

/** A hard link appears whole and only where there is none: content and exclusion in one step. */
async function claim(path: string, self: ProcessIdentity): Promise<boolean> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(temporary, JSON.stringify(self));
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
