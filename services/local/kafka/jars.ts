import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** As the pom names it. */
export const KAFKA_VERSION = '4.3.1';
export const POM_FILE = join(import.meta.dirname, 'pom.xml');

export interface JarsOptions {
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called as the download goes on, with what to tell the user. */
  readonly onProgress?: (text: string) => void;
  /** Aborted: end the download. */
  readonly signal?: AbortSignal;
}

/** Maven is not there, or failed: the message says what to do. */
export class MavenError extends Error {
  readonly code = 'maven';
}

const DIRECTORY = /^kafka-[0-9a-f]{16}$/;
/** A download that was killed leaves its directory; older than this it is cleared away. */
const STALE_MS = 3_600_000;

/** Where the jars of the pom are, or would be, in the cache. */
export async function jarsDirectory(cacheDir: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(POM_FILE))
    .digest('hex')
    .slice(0, 16);
  return join(cacheDir, `kafka-${hash}`);
}

/** The directory with the broker's jars if they have been fetched. */
export async function cachedJars(cacheDir: string): Promise<string | undefined> {
  const directory = await jarsDirectory(cacheDir);
  return stat(directory).then(
    () => directory,
    () => undefined,
  );
}

/**
 * Fetches the jars of pom.xml by the machine's Maven, once. They land in a directory of their own that gets its
 * name when it is whole: a kill on the way leaves nothing that a later start would take for jars.
 * @throws MavenError
 */
export async function ensureJars(options: JarsOptions): Promise<string> {
  const cached = await cachedJars(options.cacheDir);
  if (cached) return cached;
  const target = await jarsDirectory(options.cacheDir);
  await mkdir(options.cacheDir, { recursive: true });
  await clearStale(options.cacheDir);
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await copyDependencies(temporary, options);
    await rename(temporary, target).catch(async (error: unknown) => {
      // Another process was quicker: its jars are as good.
      if (!(await cachedJars(options.cacheDir))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return target;
}

async function copyDependencies(directory: string, { env, onProgress, signal }: JarsOptions): Promise<void> {
  const args = [
    '--batch-mode',
    '--strict-checksums',
    '--file',
    POM_FILE,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${directory}`,
  ];
  const maven = spawn('mvn', args, { env, stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
  const failures: string[] = [];
  let fetched = 0;
  createInterface({ input: maven.stdout }).on('line', (line) => {
    if (/Downloaded from .*\.jar/.test(line)) onProgress?.(`${++fetched} jars fetched`);
    if (line.includes('[ERROR]')) failures.push(line);
  });
  createInterface({ input: maven.stderr }).on('line', (line) => failures.push(line));
  const endMaven = () => maven.kill('SIGTERM');
  process.once('exit', endMaven);
  const code = await new Promise<number | null>((resolve, reject) => {
    maven.once('error', (error: NodeJS.ErrnoException) =>
      reject(new MavenError(error.code === 'ENOENT' ? 'Maven (mvn) is not on the PATH.' : error.message)),
    );
    maven.once('close', resolve);
  }).finally(() => process.off('exit', endMaven));
  if (code === 0) return;
  throw new MavenError(
    `Maven could not fetch the Kafka jars (exit ${code}):\n${failures.slice(0, 8).join('\n')}`,
  );
}

async function clearStale(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.endsWith('.tmp') || !DIRECTORY.test(name.split('.')[0]!)) continue;
    const path = join(cacheDir, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}
