import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tool } from './catalog.ts';
import type { GoOptions } from './go-toolchain.ts';
import { GoError, go } from './go-toolchain.ts';
import type { ClusterCache } from './tool-path.ts';
import { toolDirectory } from './tool-path.ts';
import { createWrapper } from './wrapper-module.ts';

const run = promisify(execFile);

export interface BuildOptions {
  readonly cache: ClusterCache;
  readonly env: NodeJS.ProcessEnv;
  /** Called as the build goes on, with what to tell the user. */
  readonly onProgress?: (text: string) => void;
  /** Aborted: end the build. */
  readonly signal?: AbortSignal;
}

/**
 * Builds one tool, tries whether it runs, and puts it into the cache under its own directory in one step: a kill
 * on the way leaves nothing that looks like a tool. The caller holds the lock.
 * @throws GoError
 */
export async function buildTool(tool: Tool, options: BuildOptions): Promise<void> {
  const { cache, env, onProgress, signal } = options;
  await mkdir(cache.toolsDir, { recursive: true });
  const directory = await mkdtemp(join(cache.toolsDir, '.tmp-'));
  try {
    const wrapper = join(directory, 'wrapper');
    const built = join(directory, 'built');
    await mkdir(wrapper);
    const goOptions = { cwd: wrapper, env, ...(signal ? { signal } : {}) };
    onProgress?.('fetching the source');
    await createWrapper(tool.module, goOptions);
    if (tool.source !== undefined) await writeFile(join(wrapper, 'main.go'), tool.source);
    await compile(tool, join(built, tool.name), { ...goOptions, ...(onProgress ? { onProgress } : {}) });
    await assertVersion(tool, join(built, tool.name));
    await rm(toolDirectory(cache, tool), { recursive: true, force: true });
    await rename(built, toolDirectory(cache, tool));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface CompileOptions extends GoOptions {
  readonly onProgress?: (text: string) => void;
}

async function compile(tool: Tool, output: string, options: CompileOptions): Promise<void> {
  const { onProgress } = options;
  let fetched = 0;
  const tags = tool.tags ? [`-tags=${tool.tags.join(',')}`] : [];
  const list = ['list', '-mod=mod', ...tags, '-deps', tool.mainPackage];
  const packages = await go(list, {
    ...options,
    onLine: (line) => {
      if (line.startsWith('go: downloading')) onProgress?.(`${++fetched} modules fetched`);
    },
  });
  const total = packages.trim().split('\n').length;
  let compiled = 0;
  const variables = Object.entries(tool.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const ldflags = ['-s', '-w', ...variables].join(' ');
  const flags = ['-mod=mod', '-trimpath', '-buildvcs=false', '-v', ...tags, '-ldflags', ldflags];
  await go(['build', ...flags, '-o', output, tool.mainPackage], {
    ...options,
    onLine: (line) => {
      if (line.startsWith('go: ')) return;
      onProgress?.(`${++compiled} packages compiled, of at most ${total}`);
    },
  });
}

/** @throws GoError when it does not run or says that it is another version */
async function assertVersion(tool: Tool, path: string): Promise<void> {
  const { stdout } = await run(path, [...tool.versionArgs], { timeout: 60_000 });
  const version = tool.printedVersion ?? tool.module.version;
  if (stdout.includes(version.slice(1))) return;
  throw new GoError(`${tool.name} was built, and says it is not ${version}: ${stdout.trim()}`);
}
