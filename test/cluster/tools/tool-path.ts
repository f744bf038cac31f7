import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tool } from './catalog.ts';

/** What tests of the cluster keep in the cache of the project. */
export interface ClusterCache {
  readonly toolsDir: string;
  /** Held by the process that builds. */
  readonly lockFile: string;
  /** What the process that holds the lock is doing, for those that wait. */
  readonly progressFile: string;
  /** Output of a build in the background. */
  readonly logFile: string;
}

/** @param cacheDir the project's cache, absolute */
export function clusterCache(cacheDir: string): ClusterCache {
  const directory = join(cacheDir, 'cluster');
  return {
    toolsDir: join(directory, 'tools'),
    lockFile: join(directory, 'build.lock'),
    progressFile: join(directory, 'build.progress'),
    logFile: join(directory, 'build.log'),
  };
}

/** The directory of a tool as its row in the catalog stands: a changed row is another directory. */
export function toolDirectory(cache: ClusterCache, tool: Tool): string {
  const row = JSON.stringify([tool, process.platform, process.arch]);
  const hash = createHash('sha256').update(row).digest('hex').slice(0, 8);
  return join(cache.toolsDir, `${tool.name}-${tool.module.version}-${hash}`);
}

export function toolPath(cache: ClusterCache, tool: Tool): string {
  return join(toolDirectory(cache, tool), tool.name);
}

export function isBuilt(cache: ClusterCache, tool: Tool): Promise<boolean> {
  return access(toolPath(cache, tool), constants.X_OK).then(
    () => true,
    () => false,
  );
}
