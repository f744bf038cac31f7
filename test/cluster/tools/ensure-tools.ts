import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lock } from '../../../services/local/lock.ts';
import { LockedError, acquireLock } from '../../../services/local/lock.ts';
import type { BuildOptions } from './build-tool.ts';
import { buildTool } from './build-tool.ts';
import { chooseTools } from './catalog.ts';
import type { Tool } from './catalog.ts';
import type { ClusterCache } from './tool-path.ts';
import { isBuilt, toolPath } from './tool-path.ts';

export interface EnsureOptions extends Omit<BuildOptions, 'onProgress'> {
  /** Called as a tool is being built, also by another process, and once with `built in ... s`. */
  readonly onProgress?: (toolName: string, text: string) => void;
  readonly build?: typeof buildTool;
}

const WAIT_MS = 500;

/**
 * Paths of the tools named (or of sets of them), by name; those that are not in the cache are built, one after
 * the other. One process builds at a time; another one waits for it and then takes what it has built.
 * @throws UnknownToolError, GoError
 */
export async function ensureTools(
  names: readonly string[],
  options: EnsureOptions,
): Promise<Readonly<Record<string, string>>> {
  const tools = chooseTools(names);
  for (const tool of tools) await ensureTool(tool, options);
  return Object.fromEntries(tools.map((tool) => [tool.name, toolPath(options.cache, tool)]));
}

async function ensureTool(tool: Tool, options: EnsureOptions): Promise<void> {
  const { cache, signal } = options;
  const tell = (text: string) => options.onProgress?.(tool.name, text);
  while (!(await isBuilt(cache, tool))) {
    signal?.throwIfAborted();
    const lock = await takeLock(cache);
    if (lock) await buildLocked(lock, tool, { ...options, onProgress: tell });
    else {
      tell(
        `waiting for another process: ${await readFile(cache.progressFile, 'utf8').catch(() => 'it builds')}`,
      );
      await sleep(WAIT_MS, undefined, signal ? { signal } : {});
    }
  }
}

type LockedOptions = BuildOptions & Pick<EnsureOptions, 'build'>;

async function buildLocked(lock: Lock, tool: Tool, options: LockedOptions): Promise<void> {
  const { cache } = options;
  try {
    // Another process may have built it between the look and the lock.
    if (await isBuilt(cache, tool)) return;
    await clearAbandoned(cache);
    const startedMs = performance.now();
    const onProgress = (text: string) => {
      options.onProgress?.(text);
      void writeFile(cache.progressFile, `${tool.name}: ${text}`).catch(() => {});
    };
    await (options.build ?? buildTool)(tool, { ...options, onProgress });
    options.onProgress?.(`built in ${Math.round((performance.now() - startedMs) / 1_000)} s`);
  } finally {
    await lock.release();
  }
}

async function takeLock(cache: ClusterCache): Promise<Lock | undefined> {
  return acquireLock(cache.lockFile).catch((error: unknown) => {
    if (error instanceof LockedError) return undefined;
    throw error;
  });
}

/** What a build that was killed has left: under the lock, nobody else's. */
async function clearAbandoned(cache: ClusterCache): Promise<void> {
  for (const name of await readdir(cache.toolsDir).catch(() => []))
    if (name.startsWith('.tmp-')) await rm(join(cache.toolsDir, name), { recursive: true, force: true });
}
