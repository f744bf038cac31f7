import { stat } from 'node:fs/promises';
import type { CommandOptions } from '../command.ts';
import { command } from '../command.ts';

export const DEBIAN_RELEASE = 'bookworm';

/** Where this machine's own apt looks: it may know a mirror. */
const SOURCES = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'];
const LEFT_OUT = ['doc', 'man', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);

/** Writes a tar file with Debian's essential packages and those named. Needs root. @throws CommandError */
export async function debianTree(
  file: string,
  packages: readonly string[],
  options: CommandOptions,
): Promise<void> {
  const args = [
    '--variant=essential',
    `--include=${packages.join(',')}`,
    // Java's package makes links here, although what they point to is left out.
    '--essential-hook=mkdir -p "$1/usr/share/man/man1"',
    ...LEFT_OUT,
    '--format=tar',
  ];
  const sources = await firstFile(SOURCES);
  await command('mmdebstrap', [...args, DEBIAN_RELEASE, file, ...(sources ? [sources] : [])], options);
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > 0) return path;
  }
  return undefined;
}
