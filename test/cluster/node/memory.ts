import { readFile, readdir, readlink } from 'node:fs/promises';
import { rssBytes } from '../../../services/local/supervisor/rss.ts';
import type { Namespaces } from './namespaces.ts';

/** Resident memory of the node's own processes in bytes, by name; those of one name together. */
export async function nodeMemory({ pid }: Namespaces): Promise<Map<string, number>> {
  const namespace = await readlink(`/proc/${pid}/ns/pid`);
  const sizes = new Map<string, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // Pods have PID namespaces of their own.
    if ((await readlink(`/proc/${entry}/ns/pid`).catch(() => '')) !== namespace) continue;
    const name = (await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '')).trim();
    sizes.set(name, (sizes.get(name) ?? 0) + (await rssBytes(Number(entry))));
  }
  return sizes;
}
