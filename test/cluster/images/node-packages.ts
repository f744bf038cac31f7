import { mkdtemp, readFile, rm, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { CommandOptions } from '../command.ts';
import { command } from '../command.ts';

/** The npm that comes with the base image builds an image's node_modules; this one stands in for it. */
export const NPM_VERSION = '11.6.2';

const manifestSchema = z.object({ version: z.string() });

/** The Node of the npm platform package, which the product runs on. */
export async function findNode(): Promise<{ readonly path: string; readonly version: string }> {
  const name = `node-${process.platform}-${process.arch}`;
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version } = manifestSchema.parse(JSON.parse(await readFile(manifest, 'utf8')));
  return { path: join(dirname(manifest), 'bin', 'node'), version };
}

/** Fetches npm and puts its files into a directory. @throws CommandError */
export async function unpackNpm(directory: string, options: CommandOptions): Promise<void> {
  await mkdir(directory, { recursive: true });
  const place = await mkdtemp(`${directory}-`);
  try {
    const file = `npm-${NPM_VERSION}.tgz`;
    await command('npm', ['pack', '--silent', `npm@${NPM_VERSION}`], { ...options, cwd: place });
    await command('tar', ['-xzf', join(place, file), '-C', directory, '--strip-components=1'], options);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
