import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, readdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../atomic-file.ts';
import { PostgresUnavailableError } from './binaries.ts';

/** The account Postgres runs under instead of root, which it refuses. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** World-traversable home of what an unprivileged account cannot reach below root's own directories. */
const SHARED_HOME = '/var/tmp/sluice-0';
const OTHERS_EXECUTE = 0o001;
const GROUP_AND_OTHERS_WRITE = 0o022;

/**
 * Undefined unless we are root; then an account without rights that the system knows: Postgres looks its uid up
 * in the passwd database and refuses one that is not there.
 */
export async function runAsUnprivileged(): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const account = parseNobody(passwd);
  if (account) return account;
  throw new PostgresUnavailableError(
    'Postgres does not run as root, and this system has no account "nobody" to run it under: start Sluice as another user, or set DATABASE_URL.',
  );
}

export function parseNobody(passwd: string): RunAs | undefined {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'nobody' && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Whether any account may pass through every directory down to `path`, itself included. */
export async function isReachableByOthers(path: string): Promise<boolean> {
  let directory = await realpath(path);
  for (;;) {
    const { mode } = await stat(directory);
    if ((mode & OTHERS_EXECUTE) === 0) return false;
    const parent = dirname(directory);
    if (parent === directory) return true;
    directory = parent;
  }
}

/**
 * A directory of root's that everybody can pass through.
 * @throws Error when somebody else has put one there first
 */
export async function sharedHome(): Promise<string> {
  await mkdir(SHARED_HOME, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(SHARED_HOME);
  if (found.isDirectory() && found.uid === 0 && (found.mode & GROUP_AND_OTHERS_WRITE) === 0)
    return SHARED_HOME;
  throw new Error(`${SHARED_HOME} exists and is not a directory of root's alone: remove it.`);
}

/**
 * Where the data that belongs to `dataPath` lies in the shared home. A file beside it says whose it is, so that it
 * can be cleared away once that directory is gone.
 */
export async function sharedDataPath(dataPath: string): Promise<string> {
  const home = await sharedHome();
  const hash = createHash('sha256').update(dataPath).digest('hex').slice(0, 12);
  await writeFileAtomic(join(home, `data-${hash}.owner`), dataPath);
  return join(home, `data-${hash}`);
}

/** Removes shared data whose owner has been removed. */
export async function clearOrphans(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.endsWith('.owner')) continue;
    const owner = await readFile(join(home, name), 'utf8').catch(() => '');
    if (owner === '' || (await exists(owner))) continue;
    const data = join(home, name.slice(0, -'.owner'.length));
    // A server that still runs there is somebody's, however odd.
    if (await exists(join(data, 'postmaster.pid'))) continue;
    await rm(data, { recursive: true, force: true });
    await rm(join(home, name), { force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
