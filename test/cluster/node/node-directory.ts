import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where a node of our own keeps what it needs. */
export interface NodeDirectory {
  /** All that ends with the node. */
  readonly state: string;
  readonly kubeconfig: string;
  /** Values for helm that name the node's images. */
  readonly imageValues: string;
  /** First process of the node; its path tells it from all others. */
  readonly pause: string;
  readonly pki: string;
  readonly volumes: string;
  config(file: string): string;
  /** Output of the processes of the last run. */
  readonly logs: string;
  log(process: string): string;
  /** Images as unpacked by containerd: kept from run to run. */
  readonly store: string;
  /** Images as archives. */
  readonly images: string;
  /** Name of the cgroup that all pods are below: nobody else's. */
  readonly cgroup: string;
  /** Held while a node is started or ended. */
  readonly lockFile: string;
}

/** @param cacheDir the project's cache, absolute */
export function nodeDirectory(cacheDir: string): NodeDirectory {
  const directory = join(cacheDir, 'cluster');
  const state = join(directory, 'node');
  const logs = join(directory, 'node-logs');
  return {
    state,
    kubeconfig: join(state, 'kubeconfig'),
    imageValues: join(state, 'images.json'),
    pause: join(state, 'pause'),
    pki: join(state, 'pki'),
    volumes: join(state, 'volumes'),
    config: (file) => join(state, 'etc', file),
    logs,
    log: (process) => join(logs, `${process}.log`),
    store: join(directory, 'containerd'),
    images: join(directory, 'images'),
    cgroup: `sluice-${createHash('sha256').update(state).digest('hex').slice(0, 8)}`,
    lockFile: join(directory, 'node.lock'),
  };
}
