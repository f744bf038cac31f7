import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** How often a service looks what it is to trace. */
export const LOOK_MS = 200;

/** As NODE_OPTIONS of the services: what they trace then follows the file. */
export function followFile(file: string): string {
  const preload = pathToFileURL(join(import.meta.dirname, 'switch.ts'));
  preload.searchParams.set('file', file);
  return `--import ${preload.href}`;
}

/** Returns when all services trace that part of what begins. */
export async function switchTo(part: number, file: string): Promise<void> {
  await writeFile(file, String(part));
  await sleep(3 * LOOK_MS);
}
