/**
 * A Kubernetes cluster of one real node on this machine, made of packages alone: no Docker, no registry of images.
 *
 *   node test/cluster/node.ts up [image ...]      starts it, with the usual images or those named
 *   node test/cluster/node.ts down | status
 *   node test/cluster/node.ts images [image ...]  builds what has changed, and brings a running node up to date
 *   node test/cluster/node.ts load <archive>      imports an archive of an image into a running node
 */
import { resolve } from 'node:path';
import { parseLocalConfig } from '../../services/local/config.ts';
import { createScreen } from '../../services/local/screen.ts';
import { createSteps } from '../../services/local/steps.ts';
import { CommandError } from './command.ts';
import { IMAGES, UnknownImageError } from './images/catalog.ts';
import { UnsupportedMachineError } from './node/debian-packages.ts';
import { ImageStore } from './node/image-store.ts';
import { endNode, openNode, updateImages } from './node/lifecycle.ts';
import { nodeMemory } from './node/memory.ts';
import { Namespaces } from './node/namespaces.ts';
import { nodeDirectory } from './node/node-directory.ts';
import type { PreparedNode } from './node/prepare-node.ts';
import { prepareNode } from './node/prepare-node.ts';
import { NodeError } from './node/start-node.ts';
import { MavenError } from '../../services/local/kafka/jars.ts';
import { GoError } from './tools/go-toolchain.ts';

const USAGE = `Usage: node test/cluster/node.ts up [image ...] | down | status | images [image ...] | load <archive>
Images: ${IMAGES.map(({ name }) => name).join(', ')}
`;
const MEBIBYTE = 1_048_576;

const { cacheDir } = parseLocalConfig(process.env);
const directory = nodeDirectory(cacheDir);
const screen = createScreen(process.stdout);
const COMMANDS: Readonly<Record<string, (...args: readonly string[]) => Promise<void>>> = {
  up,
  down,
  status,
  images,
  load,
};
const MOST_ARGUMENTS: Readonly<Record<string, number>> = {
  up: IMAGES.length,
  images: IMAGES.length,
  load: 1,
  down: 0,
  status: 0,
};

process.exitCode = await main(process.argv.slice(2)).catch(report);

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS[name];
  if (!command || args.length > MOST_ARGUMENTS[name]! || (name === 'load' && args.length === 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  await command(...args);
  return 0;
}

function prepare(names: readonly string[]): Promise<PreparedNode> {
  const options = { cacheDir, env: process.env, screen };
  return names.length === 0 ? prepareNode(options) : prepareNode(options, names);
}

async function up(...names: readonly string[]): Promise<void> {
  const prepared = await prepare(names);
  const steps = createSteps(screen);
  await steps.run(
    'node',
    (onProgress) => openNode({ ...prepared, keep: true, onProgress }),
    ({ found }) => (found ? 'up already' : 'up'),
  );
  screen.settle();
  const { kubectl, helm } = prepared.tools;
  process.stdout.write(`
export KUBECONFIG=${directory.kubeconfig}
# ${kubectl}
# ${helm} install … --values ${directory.imageValues}
`);
}

async function down(): Promise<void> {
  await endNode(directory);
}

async function images(...names: readonly string[]): Promise<void> {
  const prepared = await prepare(names);
  screen.settle();
  for (const { name, reference } of Object.values(prepared.images))
    process.stdout.write(`${name.padEnd(10)} ${reference}\n`);
  if (!(await Namespaces.find(directory))) return;
  for (const reference of await updateImages(directory, prepared.images))
    process.stdout.write(`imported   ${reference}\n`);
}

async function load(archive = ''): Promise<void> {
  const namespaces = await Namespaces.find(directory);
  if (!namespaces) throw new NodeError('The node is not up.');
  await new ImageStore(namespaces).import(resolve(archive));
}

async function status(): Promise<void> {
  const namespaces = await Namespaces.find(directory);
  process.stdout.write(namespaces ? `up, KUBECONFIG=${directory.kubeconfig}\n` : 'down\n');
  if (!namespaces) return;
  const sizes = [...(await nodeMemory(namespaces))].sort(([, one], [, other]) => other - one);
  for (const [name, bytes] of sizes)
    process.stdout.write(
      `${Math.round(bytes / MEBIBYTE)
        .toString()
        .padStart(6)} MiB ${name}\n`,
    );
}

function report(error: unknown): number {
  screen.settle();
  const known = [UnknownImageError, GoError, MavenError, CommandError, NodeError, UnsupportedMachineError];
  if (!(error instanceof Error) || !known.some((kind) => error instanceof kind)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 1;
}
