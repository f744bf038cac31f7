import { access, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../command.ts';
import { digestOf } from './build-context.ts';
import type { ImageKit } from './recipe.ts';

const FOLDER = join(import.meta.dirname, 'pause');

/** Path of the compiled pause.c, which runs in an image without anything else. @throws CommandError */
export async function ensurePause({ cacheDir, commandOptions }: ImageKit): Promise<string> {
  const digest = (await digestOf(FOLDER, ['pause.c'])).slice(0, 12);
  const directory = join(cacheDir, 'cluster');
  const path = join(directory, `pause-${digest}`);
  if (await exists(path)) return path;
  const place = await mkdtemp(join(directory, '.tmp-'));
  try {
    const binary = join(place, 'pause');
    await command('gcc', ['-Os', '-static', '-s', '-o', binary, join(FOLDER, 'pause.c')], commandOptions);
    await rename(binary, path);
    return path;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
