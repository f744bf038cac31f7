import { copyFile, cp, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensureJars, jarsDirectory } from '../../../services/local/kafka/jars.ts';
import { copyBinaries, findBinaries } from '../../../services/local/postgres/binaries.ts';
import { contextFiles, digestOf } from './build-context.ts';
import { debianTree } from './debian-tree.ts';
import { NPM_VERSION, findNode, unpackNpm } from './node-packages.ts';
import { ensurePause } from './pause-binary.ts';
import type { ImageKit, ImageRecipe } from './recipe.ts';
import { standIn } from './recipe.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const NODE_PACKAGES = ['libstdc++6', 'libatomic1', 'ca-certificates', 'netbase', 'tzdata'];
const KAFKA_PACKAGES = ['openjdk-17-jre-headless'];
const POSTGRES_PACKAGES = ['postgresql-client-15', 'libstdc++6', 'libgcc-s1', 'netbase', 'tzdata'];

const pause = standIn({
  name: 'pause',
  gather: async (directory, kit) => copyFile(await ensurePause(kit), join(directory, 'pause')),
});

const node = standIn({
  name: 'node',
  inputs: async () => [...NODE_PACKAGES, (await findNode()).version, NPM_VERSION],
  gather: async (directory, { commandOptions }) => {
    await debianTree(join(directory, 'debian.tar'), NODE_PACKAGES, commandOptions);
    await copyFile((await findNode()).path, join(directory, 'node'));
    await unpackNpm(join(directory, 'npm'), commandOptions);
  },
});

const kafka = standIn({
  name: 'kafka',
  inputs: async ({ cacheDir }) => [...KAFKA_PACKAGES, basename(await jarsDirectory(cacheDir))],
  gather: async (directory, { cacheDir, commandOptions }) => {
    await debianTree(join(directory, 'debian.tar'), KAFKA_PACKAGES, commandOptions);
    const jars = await ensureJars({ cacheDir, env: commandOptions.env });
    await cp(jars, join(directory, 'libs'), { recursive: true });
  },
});

const postgres = standIn({
  name: 'postgres',
  inputs: async () => [...POSTGRES_PACKAGES, (await findBinaries()).version],
  gather: async (directory, { commandOptions }) => {
    await debianTree(join(directory, 'debian.tar'), POSTGRES_PACKAGES, commandOptions);
    const { nativeDir } = await copyBinaries(await findBinaries(), directory);
    await rename(nativeDir, join(directory, 'native'));
  },
});

/** The image of the product itself, by the Dockerfile that users build it by. */
const sluice: ImageRecipe = {
  name: 'sluice',
  base: 'node',
  inputs: async () => [await digestOf(ROOT, ['Dockerfile', ...(await contextFiles(ROOT))])],
  prepare: async () => ({ context: ROOT, file: join(ROOT, 'Dockerfile') }),
};

const BENCH_WORKER = join(ROOT, 'load', 'scaling', 'worker');
/** The consumer of `npm run bench:scaling`, by the Dockerfile that users build it by. */
const benchWorker: ImageRecipe = {
  name: 'bench-worker',
  base: 'node',
  inputs: async () => [await digestOf(BENCH_WORKER, (await readdir(BENCH_WORKER)).sort())],
  prepare: async () => ({ context: BENCH_WORKER, file: join(BENCH_WORKER, 'Dockerfile') }),
};

/** Every image there is; one that another is built on comes first. */
export const IMAGES: readonly ImageRecipe[] = [
  pause,
  node,
  kafka,
  postgres,
  ofTool('k6'),
  ofTool('jaeger'),
  sluice,
  benchWorker,
];
/** What a node has where nobody names its images. */
export const USUAL_IMAGES: readonly string[] = IMAGES.filter((image) => image !== benchWorker).map(
  ({ name }) => name,
);

/** A name that is no image's. */
export class UnknownImageError extends Error {
  readonly code = 'unknown-image';
}

/** What a node itself needs: one holds pods together, the other empties volumes and is what tests run. */
const ALWAYS = ['pause', 'node'];

/** The images named and those that every node has, in the order in which they are built. @throws UnknownImageError */
export function chooseImages(names: readonly string[]): readonly ImageRecipe[] {
  const known = IMAGES.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UnknownImageError(`No such image: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  return IMAGES.filter(({ name }) => ALWAYS.includes(name) || names.includes(name));
}

/** An image that holds one tool, and nothing else. */
function ofTool(name: string): ImageRecipe {
  const path = ({ tools }: ImageKit): string => {
    const found = tools[name];
    if (found === undefined) throw new Error(`The image ${name} needs the tool ${name}.`);
    return found;
  };
  return standIn({
    name,
    tool: name,
    // The directory of a tool is named by all that went into it.
    inputs: async (kit) => [basename(dirname(path(kit)))],
    gather: (directory, kit) => copyFile(path(kit), join(directory, name)),
  });
}
