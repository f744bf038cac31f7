import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson } from '../atomic-file.ts';
import { endProcess, isAlive, processIdentitySchema } from '../process-identity.ts';

export interface LeftoverOptions {
  readonly stopSignal: NodeJS.Signals;
  readonly stopTimeoutMs: number;
}

/**
 * Ends the process a pid file names, if it is still that process (pid and start time), and removes the file.
 * Resolves to whether there was one.
 */
export async function endLeftover(pidFile: string, options: LeftoverOptions): Promise<boolean> {
  const identity = await readJson(pidFile, processIdentitySchema);
  const alive = identity !== undefined && (await isAlive(identity));
  if (alive) await endProcess(identity, { signal: options.stopSignal, timeoutMs: options.stopTimeoutMs });
  await rm(pidFile, { force: true });
  return alive;
}

/** Ends what an earlier supervisor, killed before it could, left running. Resolves to how many there were. */
export async function endLeftovers(
  pidDir: string,
  signalFor: (name: string) => LeftoverOptions,
): Promise<number> {
  const files = (await readdir(pidDir).catch(() => [])).filter((file) => file.endsWith('.pid'));
  const ended = await Promise.all(
    files.map((file) => endLeftover(join(pidDir, file), signalFor(file.slice(0, -'.pid'.length)))),
  );
  return ended.filter(Boolean).length;
}
