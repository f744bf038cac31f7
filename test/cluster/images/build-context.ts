import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, matchesGlob, posix } from 'node:path';

/**
 * The files of a directory that an image can be made of, as its .dockerignore says, sorted, with forward slashes. The
 * .dockerignore is of the kind that leaves out everything (`*`), then names what it takes (`!name`), then takes
 * patterns from that.
 */
export async function contextFiles(root: string): Promise<string[]> {
  const lines = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n').map((line) => line.trim());
  const rules = lines.filter((line) => line !== '' && line !== '*' && !line.startsWith('#'));
  const taken = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
  const left = rules.filter((rule) => !rule.startsWith('!')).flatMap((rule) => [rule, `${rule}/**`]);
  const files = (await Promise.all(taken.map((name) => filesUnder(root, name)))).flat();
  return files.filter((file) => !left.some((pattern) => matchesGlob(file, pattern))).sort();
}

/** A digest of the names and contents of files. */
export async function digestOf(root: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function filesUnder(root: string, name: string): Promise<string[]> {
  const found = await stat(join(root, name)).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isDirectory()) return [name];
  const entries = await readdir(join(root, name), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.map((path) => path.slice(root.length + 1).replaceAll('\\', posix.sep));
}
