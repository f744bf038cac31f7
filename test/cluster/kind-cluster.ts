import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';
import { contextFiles, digestOf } from './images/build-context.ts';
import { imageValue } from './images/helm-values.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLUSTER = 'sluice-test';
const ANSWER_MS = 10_000;

export interface KindCluster {
  readonly kubeconfig: string;
  readonly imageValues: string;
  /** Reference of our own image. */
  readonly image: string;
  stop(): Promise<void>;
}

/** Whether Docker runs and kind is there. */
export async function kindAnswers(env: NodeJS.ProcessEnv): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const succeeds = (name: string, ...args: readonly string[]): Promise<boolean> =>
    command(name, args, { env, signal }).then(
      () => true,
      () => false,
    );
  return (await succeeds('docker', 'info')) && (await succeeds('kind', 'version'));
}

/**
 * Makes a cluster by kind, with the image of this checkout in it; others it pulls. One of the same name that a test
 * which was killed has left is removed. @throws CommandError
 */
export async function openKind({ env }: { readonly env: NodeJS.ProcessEnv }): Promise<KindCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-kind-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const kind = (...args: readonly string[]) => command('kind', args, { env });
  const named = [`--name=${CLUSTER}`, `--kubeconfig=${kubeconfig}`];
  const stop = async (): Promise<void> => {
    await kind('delete', 'cluster', ...named);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await kind('delete', 'cluster', ...named);
    await kind('create', 'cluster', ...named, '--wait=180s');
    const tag = (await digestOf(ROOT, ['Dockerfile', ...(await contextFiles(ROOT))])).slice(0, 12);
    const reference = `localhost/sluice:${tag}`;
    await command('docker', ['build', '--quiet', `--tag=${reference}`, ROOT], { env });
    await kind('load', 'docker-image', reference, `--name=${CLUSTER}`);
    const imageValues = join(directory, 'images.json');
    await writeFile(imageValues, JSON.stringify({ image: imageValue(reference) }));
    return { kubeconfig, imageValues, image: reference, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}
