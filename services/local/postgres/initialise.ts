import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../atomic-file.ts';
import { PostgresUnavailableError } from './binaries.ts';
import type { RunAs } from './run-as.ts';

export const SUPERUSER = 'sluice';

export interface InitialiseOptions {
  readonly nativeDir: string;
  /** The data directory; its parent exists. */
  readonly directory: string;
  readonly passwordFile: string;
  readonly runAs: RunAs | undefined;
}

/**
 * Runs initdb the first time, into a directory that gets its name when it is whole. Returns the superuser's
 * password, which is made once and kept in `passwordFile`.
 */
export async function initialiseOnce(options: InitialiseOptions): Promise<string> {
  const { directory, passwordFile } = options;
  const major = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(() => undefined);
  const known = await readFile(passwordFile, 'utf8').catch(() => '');
  if (major !== undefined && known !== '') return known;
  if (major !== undefined)
    throw new Error(`${directory} holds data, but ${passwordFile} is gone: start with --fresh.`);
  const password = randomBytes(18).toString('base64url');
  await writeFileAtomic(passwordFile, password, 0o600);
  await initdb(options, password);
  return password;
}

/** @throws PostgresUnavailableError when the data is of another major version */
export async function assertMajor(directory: string, version: string): Promise<void> {
  const found = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  const major = version.split('.')[0];
  if (found === major) return;
  throw new PostgresUnavailableError(
    `${directory} was made by Postgres ${found}, and this is ${major}: start with --fresh to begin anew.`,
  );
}

/** Environment of the server's processes: nothing of the user's PG* variables. */
export function serverEnv(env: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  return { PATH: env['PATH'], HOME: home, LC_ALL: 'C', TZ: 'UTC' };
}

async function initdb({ nativeDir, directory, runAs }: InitialiseOptions, password: string): Promise<void> {
  const work = `${directory}.initdb`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  const passwordFile = join(work, 'password');
  const data = join(work, 'data');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await mkdir(data, { mode: 0o700 });
  await chmod(work, 0o700);
  if (runAs) for (const path of [work, passwordFile, data]) await chown(path, runAs.uid, runAs.gid);
  const args = [
    `--pgdata=${data}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
  ];
  await run(join(nativeDir, 'bin', 'initdb'), args, { home: dirname(work), runAs });
  await rm(directory, { recursive: true, force: true });
  await rename(data, directory);
  await rm(work, { recursive: true, force: true });
}

async function run(
  command: string,
  args: readonly string[],
  { home, runAs }: { home: string; runAs: RunAs | undefined },
): Promise<void> {
  const child = spawn(command, [...args], {
    ...runAs,
    cwd: '/',
    env: serverEnv({}, home),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  throw new PostgresUnavailableError(
    `initdb failed (exit ${code}). DATABASE_URL uses a database of yours instead.\n${output.trim()}`,
  );
}
