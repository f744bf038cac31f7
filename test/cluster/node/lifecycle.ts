import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson, writeFileAtomic } from '../../../services/local/atomic-file.ts';
import { identityOf, isAlive, processIdentitySchema } from '../../../services/local/process-identity.ts';
import { until } from '../../fixtures/until.ts';
import { command } from '../command.ts';
import { isOk } from '../components/api-request.ts';
import type { Images } from '../images/ensure-images.ts';
import { helmValues } from '../images/helm-values.ts';
import { withLock } from '../wait-for-lock.ts';
import { ImageStore } from './image-store.ts';
import { Namespaces, SYSTEM_ENV } from './namespaces.ts';
import { NETWORK } from './network.ts';
import type { NodeDirectory } from './node-directory.ts';
import { nodeAccess } from './node-keys.ts';
import type { StartNodeOptions } from './start-node.ts';
import { NodeError, startNode } from './start-node.ts';

const END_SCRIPT = join(import.meta.dirname, 'end-node.sh');
const PAUSE_MS = 500;
const ATTEMPTS = 5;
const LINK_GONE_MS = 10_000;

export interface OpenNodeOptions extends StartNodeOptions {
  /** keep: the node stays when this process ends. Otherwise it ends with it, by whatever signal. */
  readonly keep: boolean;
}

export interface OpenedNode {
  /** Whether it was up before. */
  readonly found: boolean;
  /** Ends it, unless it was up before or is to be kept. */
  stop(): Promise<void>;
}

/**
 * Starts the node of this directory. One that is up already is used as it is, with images brought up to date, unless
 * it belongs to another process. Needs root. @throws NodeError
 */
export async function openNode(options: OpenNodeOptions): Promise<OpenedNode> {
  const { directory, images } = options;
  return withLock(directory.lockFile, async () => {
    if (!(await isUp(directory))) return startAnew(options);
    await updateImages(directory, images);
    return { found: true, stop: async () => {} };
  });
}

/** Ends the node of this directory, if there is one, and removes all but its logs and images. */
export async function endNode(directory: NodeDirectory): Promise<void> {
  await withLock(directory.lockFile, () => end(directory));
}

/** Brings the images of a running node up to date. Resolves to the references of those that were imported. */
export async function updateImages(directory: NodeDirectory, images: Images): Promise<string[]> {
  const namespaces = await Namespaces.find(directory);
  if (!namespaces) throw new NodeError('The node is not up.');
  const imported = await new ImageStore(namespaces).update(images);
  await writeFile(directory.imageValues, JSON.stringify(helmValues(images), undefined, 2));
  return imported;
}

/** @throws NodeError when it is, and belongs to another process */
async function isUp(directory: NodeDirectory): Promise<boolean> {
  if (!(await Namespaces.find(directory)) || !(await exists(readyFile(directory)))) return false;
  const owner = await readJson(ownerFile(directory), processIdentitySchema);
  if (owner === undefined) return answers(directory);
  if (await isAlive(owner)) throw new NodeError(`The node is in use by process ${owner.pid}.`);
  return false;
}

/** Whether its API server is ready, in one of a few attempts. */
async function answers(directory: NodeDirectory): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++)
    if (await isOk(nodeAccess(directory), '/readyz').catch(() => sleep(PAUSE_MS, false))) return true;
  return false;
}

async function startAnew(options: OpenNodeOptions): Promise<OpenedNode> {
  const { directory, keep } = options;
  await end(directory);
  await until(
    `the end of the link ${NETWORK.link}, which a node of another cache may have`,
    async () => !(await linkExists()) || sleep(PAUSE_MS, false),
    LINK_GONE_MS,
  );
  await mkdir(directory.state, { recursive: true });
  const watcher = endWithThisProcess(directory);
  try {
    if (!keep) await writeFileAtomic(ownerFile(directory), JSON.stringify(await identityOf(process.pid)));
    await startNode(options);
    await writeFile(readyFile(directory), '');
  } catch (error) {
    await end(directory);
    watcher.kill('SIGKILL');
    throw error;
  }
  if (keep) watcher.kill('SIGKILL');
  const stop = async (): Promise<void> => {
    if (keep) return;
    await endNode(directory);
    watcher.kill('SIGKILL');
  };
  return { found: false, stop };
}

async function end(directory: NodeDirectory): Promise<void> {
  await command('sh', [END_SCRIPT, directory.state], { env: process.env, cwd: '/' });
}

function linkExists(): Promise<boolean> {
  return command('ip', ['link', 'show', 'dev', NETWORK.link], { env: SYSTEM_ENV }).then(
    () => true,
    () => false,
  );
}

/** The one returned is to be killed by who has ended the node, or wants to keep it. */
function endWithThisProcess(directory: NodeDirectory): ChildProcess {
  const script = 'read -r _; exec sh "$0" "$1"';
  const watcher = spawn('/bin/sh', ['-c', script, END_SCRIPT, directory.state], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  watcher.on('error', () => {});
  watcher.unref();
  return watcher;
}

const ownerFile = ({ state }: NodeDirectory): string => join(state, 'owner.json');
/** There once the start is complete. */
const readyFile = ({ state }: NodeDirectory): string => join(state, 'ready');

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
