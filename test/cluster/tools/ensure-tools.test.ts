import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BuildOptions } from './build-tool.ts';
import type { Tool } from './catalog.ts';
import { TOOLS, UnknownToolError, chooseTools } from './catalog.ts';
import { ensureTools } from './ensure-tools.ts';
import type { ClusterCache } from './tool-path.ts';
import { clusterCache, toolDirectory, toolPath } from './tool-path.ts';

let directory: string;
let cache: ClusterCache;
let built: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tools-'));
  cache = clusterCache(directory);
  built = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function build(tool: Tool, { onProgress }: BuildOptions): Promise<void> {
  onProgress?.('compiling');
  await sleep(100);
  built.push(tool.name);
  await mkdir(toolDirectory(cache, tool), { recursive: true });
  await writeFile(toolPath(cache, tool), '', { mode: 0o755 });
}

const ensure = (names: readonly string[], more: { build?: typeof build } = {}) =>
  ensureTools(names, { cache, env: {}, build, ...more });

test('builds what is missing, each tool once, and says where it is', async () => {
  const paths = await ensure(['kubectl', 'control-plane']);
  expect(built).toEqual(['etcd', 'kubectl', 'kube-apiserver', 'kube-controller-manager']);
  expect(paths['kubectl']).toBe(toolPath(cache, chooseTools(['kubectl'])[0]!));
  expect(await ensure(['control-plane'])).toEqual(paths);
  expect(built).toHaveLength(4);
});

test('of two that build at the same time, one waits and takes what the other has built', async () => {
  const told: string[] = [];
  const onProgress = (tool: string, text: string) => told.push(`${tool}: ${text}`);
  const both = [0, 1].map(() => ensureTools(['etcd'], { cache, env: {}, build, onProgress }));
  const [one, other] = await Promise.all(both);
  expect(one).toEqual(other);
  expect(built).toEqual(['etcd']);
  expect(told).toContainEqual(expect.stringMatching(/^etcd: waiting for another process: /));
});

test('a build that fails leaves the way free for the next', async () => {
  const failing = () => Promise.reject(new Error('no space'));
  await expect(ensure(['etcd'], { build: failing })).rejects.toThrow('no space');
  await ensure(['etcd']);
  expect(built).toEqual(['etcd']);
});

test('what a killed build has left is cleared away by the next', async () => {
  await mkdir(join(cache.toolsDir, '.tmp-abc', 'wrapper'), { recursive: true });
  await ensure(['etcd']);
  expect(await readdir(cache.toolsDir)).toEqual([expect.stringMatching(/^etcd-v3/)]);
});

test('a row that has changed is another tool', () => {
  const [tool] = chooseTools(['etcd']);
  const changed = { ...tool!, module: { ...tool!.module, sum: 'h1:other' } };
  expect(toolDirectory(cache, changed)).not.toBe(toolDirectory(cache, tool!));
});

test('an unknown name is refused, with those that there are', () => {
  expect(() => chooseTools(['kubectl', 'kubctl'])).toThrow(UnknownToolError);
  expect(() => chooseTools(['kubctl'])).toThrow(/No such tool: kubctl\. There are: control-plane, .*etcd, /);
});

test('every row pins a version and its checksum', () => {
  for (const { module } of TOOLS) {
    expect(module.version).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(module.sum).toMatch(/^h1:[A-Za-z0-9+/]{43}=$/);
  }
});
