import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';
import { wipeDockerKafka } from './kafka/docker.ts';
import { removeSharedData } from './postgres/postgres.ts';

/** Removes everything that earlier runs have stored. The caller holds the lock, and nothing runs. */
export async function wipe(data: DataDirectory, env: NodeJS.ProcessEnv): Promise<void> {
  const usedDocker = await hasDockerVolume(data);
  if (usedDocker) await wipeDockerKafka(join(data.path, 'kafka'), env);
  await removeSharedData(data.path);
  const kept = new Set([data.lockFile, data.pidDir]);
  for (const name of await readdir(data.path).catch((): string[] => [])) {
    const path = join(data.path, name);
    if (!kept.has(path)) await rm(path, { recursive: true, force: true });
  }
}

async function hasDockerVolume(data: DataDirectory): Promise<boolean> {
  const files: string[] = await readdir(join(data.path, 'kafka')).catch(() => []);
  return files.includes('docker-cluster-id');
}
