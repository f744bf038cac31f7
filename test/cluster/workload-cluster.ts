import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createSteps } from '../../services/local/steps.ts';
import { imageValue } from './images/helm-values.ts';
import { kindAnswers, openKind } from './kind-cluster.ts';
import { openNode } from './node/lifecycle.ts';
import { prepareNode } from './node/prepare-node.ts';
import type { PrepareOptions } from './tools/prepare-tools.ts';

/** A cluster on which pods run. */
export interface WorkloadCluster {
  /** given: the user's own. node: one of our own on this machine. */
  readonly kind: 'given' | 'kind' | 'node';
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** Commands or paths. */
  readonly kubectl: string;
  readonly helm: string;
  /** Path of a file with values for the chart that name the images of this cluster. */
  readonly imageValues: string;
  /** Reference of our own image. */
  readonly image: string;
  /** Reference of an image with Node, root and a shell, for pods of tests. */
  readonly nodeImage: string;
  /** Whether this machine reaches the addresses of Services and pods itself. */
  readonly reachable: boolean;
  stop(): Promise<void>;
}

/** What images with Node are called where they can be pulled. */
const PUBLIC_NODE_IMAGE = 'node:26-bookworm-slim';
/** As they are called where the user has installed them. */
const COMMANDS = { kubectl: 'kubectl', helm: 'helm' } as const;

/**
 * The user's cluster when SLUICE_TEST_USE_KUBECONFIG=1 and KUBECONFIG are set (a KUBECONFIG alone may be anybody's
 * production); the image SLUICE_TEST_IMAGE, `repository:tag`, can be pulled there, and what else the chart names, or a
 * file of values at SLUICE_TEST_IMAGE_VALUES in its place.
 * Otherwise a cluster by kind where Docker answers, and a node of our own where it does not.
 * @throws UnsupportedMachineError, GoError, CommandError, NodeError
 */
export async function openWorkloadCluster(options: PrepareOptions): Promise<WorkloadCluster> {
  const { env, screen } = options;
  if (env['SLUICE_TEST_USE_KUBECONFIG'] === '1') return givenCluster(env);
  if (await kindAnswers(env)) {
    const kind = await createSteps(screen).run('kind', () => openKind({ env }));
    return { ...kind, ...COMMANDS, kind: 'kind', nodeImage: PUBLIC_NODE_IMAGE, reachable: false };
  }
  return ownNode(options);
}

async function givenCluster(env: NodeJS.ProcessEnv): Promise<WorkloadCluster> {
  const { KUBECONFIG: kubeconfig, SLUICE_TEST_IMAGE: image } = env;
  if (!kubeconfig || !image)
    throw new Error('SLUICE_TEST_USE_KUBECONFIG=1 needs KUBECONFIG and SLUICE_TEST_IMAGE.');
  const nodeImage = env['SLUICE_TEST_NODE_IMAGE'] || PUBLIC_NODE_IMAGE;
  const given = env['SLUICE_TEST_IMAGE_VALUES'];
  const directory = await mkdtemp(join(tmpdir(), 'sluice-images-'));
  const imageValues = given ? resolve(given) : join(directory, 'images.json');
  if (!given) await writeFile(imageValues, JSON.stringify({ image: imageValue(image) }));
  const stop = () => rm(directory, { recursive: true, force: true });
  return { ...COMMANDS, kind: 'given', kubeconfig, imageValues, image, nodeImage, reachable: false, stop };
}

async function ownNode(options: PrepareOptions): Promise<WorkloadCluster> {
  const prepared = await prepareNode(options);
  const { directory, tools, images } = prepared;
  const node = await createSteps(options.screen).run('node', (onProgress) =>
    openNode({ ...prepared, keep: false, onProgress }),
  );
  return {
    kind: 'node',
    kubeconfig: directory.kubeconfig,
    kubectl: tools['kubectl']!,
    helm: tools['helm']!,
    imageValues: directory.imageValues,
    image: images['sluice']!.reference,
    nodeImage: images['node']!.reference,
    reachable: true,
    stop: () => node.stop(),
  };
}
