import type { ChildProcess } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataDirectory } from '../../services/local/data-directory.ts';
import { PortAllocator } from '../../services/local/free-port.ts';
import type { ManagedProcess } from '../../services/local/supervisor/managed-process.ts';
import { rssBytes } from '../../services/local/supervisor/rss.ts';
import { ApiServerFaults } from './api-server-faults.ts';
import { apiServer } from './components/api-server.ts';
import { controllerManager } from './components/controller-manager.ts';
import { etcd } from './components/etcd.ts';
import type { Access } from './kubeconfig.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { Authority, createSigningKey } from './pki.ts';
import { createRunDirectory, watchOver } from './run-directory.ts';

export interface ControlPlaneOptions {
  /** Paths of etcd, kube-apiserver and kube-controller-manager, by name. */
  readonly tools: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
}

const READY_MS = 90_000;

/**
 * A real etcd, API server and controller manager on loopback, by any user, without nodes: Deployments get their
 * ReplicaSets and pods, which stay Pending unless a PodReadier takes care of them.
 */
export class ControlPlane {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  readonly data: DataDirectory;
  readonly apiServer: ApiServerFaults;
  private readonly processes: readonly ManagedProcess[];
  private readonly ports: PortAllocator;
  private readonly watcher: ChildProcess;

  private constructor(parts: Parts, data: DataDirectory, ports: PortAllocator) {
    this.kubeconfig = parts.kubeconfig;
    this.data = data;
    this.ports = ports;
    this.watcher = watchOver(data);
    this.apiServer = new ApiServerFaults(parts.api);
    this.processes = [parts.store, parts.api, parts.controllers];
  }

  /** Starts it; resolves when pods can be created. @throws NotReadyError with the last lines of a log */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const data = await createRunDirectory();
    const ports = new PortAllocator();
    const parts = await prepare(options, data, ports).catch(async (error: unknown) => {
      await rm(data.path, { recursive: true, force: true });
      throw error;
    });
    const plane = new ControlPlane(parts, data, ports);
    try {
      // The API server repeats its attempts to reach the store; its start takes longer than the store's.
      await Promise.all([parts.store.start(), parts.api.start()]);
      await parts.api.whenReady(READY_MS);
      await parts.controllers.start();
      await parts.controllers.whenReady(READY_MS);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** Resident memory in bytes, by process. */
  async memory(): Promise<Readonly<Record<string, number>>> {
    const sizes = this.processes.map(async ({ name, pid }) => [name, pid ? await rssBytes(pid) : 0] as const);
    return Object.fromEntries(await Promise.all(sizes));
  }

  /** Ends everything and removes what it has stored. */
  async stop(): Promise<void> {
    const stopped = this.processes.map((process) => process.stop());
    // Nothing of it is kept, so nothing needs to be ended in order.
    for (const process of this.processes) process.kill('SIGKILL');
    await Promise.all(stopped);
    this.watcher.kill('SIGKILL');
    await this.ports.releaseAll();
    await rm(this.data.path, { recursive: true, force: true });
  }
}

interface Parts {
  readonly kubeconfig: string;
  readonly store: ManagedProcess;
  readonly api: ManagedProcess;
  readonly controllers: ManagedProcess;
}

async function prepare(
  { tools, env }: ControlPlaneOptions,
  data: DataDirectory,
  ports: PortAllocator,
): Promise<Parts> {
  const port = await ports.any();
  const store = { client: await ports.any(), peer: await ports.any() };
  const pki = join(data.path, 'pki');
  const authority = await Authority.create(pki, 'kubernetes-ca');
  const altNames = ['IP:127.0.0.1', 'IP:10.96.0.1', 'DNS:localhost', 'DNS:kubernetes.default.svc'];
  const serving = await authority.issue({ name: 'api-server', subject: '/CN=kube-apiserver', altNames });
  const client = await authority.issue({ name: 'admin', subject: '/O=system:masters/CN=admin' });
  const signingKey = join(pki, 'service-accounts.key');
  await createSigningKey(signingKey);
  const access: Access = { server: `https://127.0.0.1:${port}`, authority: authority.pair.cert, client };
  const kubeconfig = join(data.path, 'kubeconfig');
  await writeFile(kubeconfig, await kubeconfigText(access), { mode: 0o600 });
  const base = (name: string) => ({ data, env, command: tools[name]! });
  return {
    kubeconfig,
    store: etcd(base('etcd'), store),
    api: apiServer({ ...base('kube-apiserver'), port, etcdPort: store.client, serving, signingKey, access }),
    controllers: controllerManager({ ...base('kube-controller-manager'), kubeconfig, signingKey, access }),
  };
}
