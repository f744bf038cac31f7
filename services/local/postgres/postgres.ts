import { execFile } from 'node:child_process';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { DataDirectory } from '../data-directory.ts';
import { onceAnswered } from '../once-answered.ts';
import type { Crash } from '../supervisor/managed-process.ts';
import type { ProcessSpec } from '../supervisor/spawn-detached.ts';
import { ManagedProcess } from '../supervisor/managed-process.ts';
import type { PostgresBinaries } from './binaries.ts';
import { copyBinaries, findBinaries, hydrateSymlinks } from './binaries.ts';
import { SUPERUSER, assertMajor, initialiseOnce, serverEnv } from './initialise.ts';
import type { RunAs } from './run-as.ts';
import {
  clearOrphans,
  isReachableByOthers,
  runAsUnprivileged,
  sharedDataPath,
  sharedHome,
} from './run-as.ts';
import { withDatabase } from './session.ts';
import { serverArgs } from './settings.ts';
import { mendStaleLock } from './stale-lock.ts';

/** SIGINT is Postgres' fast shutdown: connections are ended, everything is written, the data is clean. */
export const POSTGRES_STOP = { stopSignal: 'SIGINT', stopTimeoutMs: 30_000 } as const;

const run = promisify(execFile);

export interface PostgresOptions {
  readonly data: DataDirectory;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly onCrash?: (crash: Crash) => void;
}

export interface LocalPostgres {
  readonly process: ManagedProcess;
  /** URL of a database of this server, with the password. */
  url(database: string): string;
}

interface Installation {
  readonly binaries: PostgresBinaries;
  readonly directory: string;
  readonly runAs: RunAs | undefined;
}

/** A real server, initialised but not started yet. @throws PostgresUnavailableError */
export async function createPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const { data, port, env } = options;
  const { binaries, directory, runAs } = await install(data.path);
  const { nativeDir } = binaries;
  const passwordFile = passwordFileOf(data.path);
  const password = await initialiseOnce({ nativeDir, directory, passwordFile, runAs });
  await assertMajor(directory, binaries.version);
  const url = (database: string) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  const { probe, reset } = onceAnswered(port, () =>
    withDatabase(url('postgres'), (query) => query('select 1', [])),
  );

  const prepare = async (): Promise<ProcessSpec> => {
    reset();
    await mendStaleLock(directory, POSTGRES_STOP.stopTimeoutMs);
    const command = join(nativeDir, 'bin', 'postgres');
    const walCompression = await bestWalCompression(command, directory, runAs);
    const args = serverArgs({ directory, port, walCompression });
    return { command, args, env: serverEnv(env, dirname(directory)), cwd: '/', ...runAs };
  };
  const postgres = new ManagedProcess({
    name: 'postgres',
    prepare,
    probe,
    logFile: data.log('postgres'),
    pidFile: data.pidFile('postgres'),
    parentDeath: 'guard',
    ...POSTGRES_STOP,
    ...(options.onCrash ? { onCrash: options.onCrash } : {}),
  });
  return { process: postgres, url };
}

/** Removes the data of a stopped server that could not be kept in the data directory itself. */
export async function removeSharedData(dataPath: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const directory = await sharedDataPath(dataPath);
  await rm(directory, { recursive: true, force: true });
  await rm(`${directory}.owner`, { force: true });
}

/** Finds the binaries and says where the data goes: as root, both must be where another account can reach them. */
async function install(dataPath: string): Promise<Installation> {
  const found = await findBinaries();
  const runAs = await runAsUnprivileged();
  await mkdir(dataPath, { recursive: true });
  if (!runAs) {
    const binaries = await hydrated(found, join(dataPath, 'postgres-bin'));
    return { binaries, directory: join(dataPath, 'postgres'), runAs };
  }
  const reachable = await isReachableByOthers(found.nativeDir);
  const binaries = reachable
    ? await hydrated(found, await sharedHome())
    : await copyBinaries(found, await sharedHome());
  if (await isReachableByOthers(dataPath)) return { binaries, directory: join(dataPath, 'postgres'), runAs };
  await clearOrphans(await sharedHome());
  const directory = await sharedDataPath(dataPath);
  // Its password is kept in the data directory: without that, the data belonged to one that was removed.
  if (!(await hasPassword(dataPath))) await rm(directory, { recursive: true, force: true });
  return { binaries, directory, runAs };
}

const passwordFileOf = (dataPath: string): string => join(dataPath, 'postgres.password');

function hasPassword(dataPath: string): Promise<boolean> {
  return stat(passwordFileOf(dataPath)).then(
    () => true,
    () => false,
  );
}

/** Where node_modules may not be written to, the links are made in a copy. */
async function hydrated(binaries: PostgresBinaries, copyTo: string): Promise<PostgresBinaries> {
  try {
    await hydrateSymlinks(binaries.nativeDir);
    return binaries;
  } catch {
    return copyBinaries(binaries, copyTo);
  }
}

async function bestWalCompression(
  command: string,
  directory: string,
  runAs: RunAs | undefined,
): Promise<'lz4' | 'off'> {
  const args = ['-D', directory, '-C', 'wal_compression', '-c', 'wal_compression=lz4'];
  return run(command, args, { ...runAs, cwd: '/', env: serverEnv({}, '/') }).then(
    () => 'lz4' as const,
    () => 'off' as const,
  );
}
