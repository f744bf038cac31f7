import { Resolver } from 'node:dns/promises';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tailLog } from '../../../services/local/supervisor/log-file.ts';
import { until } from '../../fixtures/until.ts';
import { command } from '../command.ts';
import { isOk } from '../components/api-request.ts';
import { DEFAULT_SERVICE_ACCOUNT } from '../components/controller-manager.ts';
import type { Images } from '../images/ensure-images.ts';
import { helmValues } from '../images/helm-values.ts';
import { ensurePause } from '../images/pause-binary.ts';
import type { ImageKit } from '../images/recipe.ts';
import type { Access } from '../kubeconfig.ts';
import { kubeconfigText } from '../kubeconfig.ts';
import { baseObjects, volumeDirectories } from './base-objects.ts';
import { configurationFiles } from './configuration.ts';
import { ImageStore } from './image-store.ts';
import { Namespaces } from './namespaces.ts';
import { CLUSTER_DOMAIN, NETWORK, NODE_NAME } from './network.ts';
import type { NodeDirectory } from './node-directory.ts';
import { createNodeKeys, nodeAccess } from './node-keys.ts';
import type { NodeProcess } from './processes.ts';
import { nodeProcesses } from './processes.ts';

export interface StartNodeOptions extends ImageKit {
  readonly directory: NodeDirectory;
  readonly images: Images;
  /** Called as the start goes on, with what to tell the user. */
  readonly onProgress?: (text: string) => void;
}

/** A node did not get up; the message has the last lines of the logs that may say why. */
export class NodeError extends Error {
  readonly code = 'node';
}

const READY_MS = 180_000;
const PAUSE_MS = 200;

/**
 * Starts a cluster of one real node, whose processes outlive this one. Resolves when pods run and find each other by
 * name. What an earlier node has left must have been cleared away. Needs root.
 * @throws NodeError
 */
export async function startNode(options: StartNodeOptions): Promise<void> {
  const { directory } = options;
  const tell = options.onProgress ?? (() => {});
  const started: NodeProcess[] = [];
  try {
    tell('keys and configuration');
    const { access, processes } = await writeFiles(options);
    tell('namespaces');
    const namespaces = await Namespaces.create(directory, await ensurePause(options));
    const start = async (process: NodeProcess): Promise<string> => {
      started.push(process);
      return namespaces.start(process);
    };
    const run: Run = { ...options, access, processes, namespaces, start, tell };
    await Promise.all([controlPlane(run), imageStore(run)]);
    await worker(run);
  } catch (error) {
    throw await withLogs(error, directory, started);
  }
}

interface Run extends StartNodeOptions {
  readonly access: Access;
  readonly processes: ReturnType<typeof nodeProcesses>;
  readonly namespaces: Namespaces;
  readonly start: (process: NodeProcess) => Promise<string>;
  readonly tell: (text: string) => void;
}

async function writeFiles(options: StartNodeOptions): Promise<Pick<Run, 'access' | 'processes'>> {
  const { directory, images, tools } = options;
  await rm(directory.logs, { recursive: true, force: true });
  for (const path of [directory.state, directory.logs, directory.store])
    await mkdir(path, { recursive: true });
  for (const path of volumeDirectories(directory.volumes)) {
    await mkdir(path, { recursive: true });
    // No owner is set on such a volume: whoever the pod runs as may write.
    await chmod(path, 0o777);
  }
  const files = configurationFiles({
    directory,
    pauseImage: images['pause']!.reference,
    shellImage: images['node']!.reference,
  });
  for (const [name, text] of Object.entries(files)) {
    const file = directory.config(name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const keys = await createNodeKeys(directory);
  const access = nodeAccess(directory);
  await writeFile(directory.kubeconfig, await kubeconfigText(access), { mode: 0o600 });
  await writeFile(directory.imageValues, JSON.stringify(helmValues(images), undefined, 2));
  return { access, processes: nodeProcesses({ directory, keys, tools }) };
}

/** Resolves when objects can be made. */
async function controlPlane(run: Run): Promise<void> {
  const { access, directory, processes, start, tell } = run;
  await start(processes.etcd);
  await start(processes['kube-apiserver']);
  await until(
    'the API server',
    orLater(() => isOk(access, '/readyz')),
    READY_MS,
  );
  tell('the API server is ready');
  await start(processes['kube-controller-manager']);
  await start(processes['kube-scheduler']);
  const objects = JSON.stringify(baseObjects(directory.volumes));
  // The namespaces that they go into are made a moment later.
  const apply = () => kubectl(run, ['apply', '--filename=-'], objects).then(() => true);
  await until('the first objects', orLater(apply), READY_MS);
}

/** Resolves when all images are there and pods can be started. */
async function imageStore(run: Run): Promise<void> {
  const { images, namespaces, processes, start, tell } = run;
  const store = new ImageStore(namespaces);
  const pid = await start(processes['image-store']);
  await store.whenReady();
  await store.forgetContainers();
  const imported = await store.update(images);
  if (imported.length > 0) tell(`${imported.length} images imported`);
  await namespaces.run('sh', '-c', 'kill "$0" && while [ -d "/proc/$0" ]; do sleep 0.05; done', pid);
  await start(processes.containerd);
  await store.whenReady();
}

/** Resolves when pods run and find each other by name. */
async function worker(run: Run): Promise<void> {
  const { access, processes, start, tell } = run;
  for (const name of ['kubelet', 'kube-proxy', 'coredns'] as const) await start(processes[name]);
  tell('waiting for the node');
  const dns = new Resolver({ timeout: 1_000, tries: 1 });
  dns.setServers([NETWORK.dnsIp]);
  const name = `kube-dns.kube-system.svc.${CLUSTER_DOMAIN}`;
  const answers = async (): Promise<boolean> => (await dns.resolve4(name)).includes(NETWORK.dnsIp);
  await Promise.all([
    nodeReady(run),
    until(
      'the default service account',
      orLater(() => isOk(access, DEFAULT_SERVICE_ACCOUNT)),
      READY_MS,
    ),
    until('an answer of the DNS', orLater(answers), READY_MS),
  ]);
}

async function nodeReady(run: Run): Promise<void> {
  const timeout = `--timeout=${READY_MS / 1_000}s`;
  for (const condition of ['create', 'condition=Ready'])
    await kubectl(run, ['wait', `node/${NODE_NAME}`, `--for=${condition}`, timeout]);
}

function kubectl(run: Run, args: readonly string[], input = ''): Promise<string> {
  const { tools, directory, commandOptions } = run;
  const all = [...args, `--kubeconfig=${directory.kubeconfig}`];
  return command(tools['kubectl']!, all, { ...commandOptions, input });
}

/** A look that waits a while after a failure, and leaves the processor to what is looked for. */
function orLater(look: () => Promise<boolean>): () => Promise<boolean> {
  return async () => (await look().catch(() => false)) || sleep(PAUSE_MS, false);
}

async function withLogs(
  error: unknown,
  directory: NodeDirectory,
  started: readonly NodeProcess[],
): Promise<NodeError> {
  const parts = [error instanceof Error ? error.message : String(error)];
  for (const { name } of started) {
    const lines = await tailLog(directory.log(name), 0, 4);
    if (lines.length > 0) parts.push(`${directory.log(name)}:`, ...lines.map((line) => `  | ${line}`));
  }
  return new NodeError(parts.join('\n'), { cause: error });
}
