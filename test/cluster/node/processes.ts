import { apiServerFlags } from '../components/api-server.ts';
import { controllerManagerFlags } from '../components/controller-manager.ts';
import { etcdFlags } from '../components/etcd.ts';
import type { KeyPair } from '../pki.ts';
import { NETWORK, NODE_NAME } from './network.ts';
import type { NodeDirectory } from './node-directory.ts';

/** One process of the node. */
export interface NodeProcess {
  readonly name: string;
  /** Path, or name on the PATH. */
  readonly command: string;
  readonly args: readonly string[];
}

export interface NodeKeys {
  /** Certificate of the cluster's authority. */
  readonly authority: string;
  readonly serving: KeyPair;
  /** Client certificate with all rights. */
  readonly admin: KeyPair;
  readonly signingKey: string;
}

export interface ProcessOptions {
  readonly directory: NodeDirectory;
  readonly keys: NodeKeys;
  /** Paths of tools, by name. */
  readonly tools: Readonly<Record<string, string>>;
}

type ProcessName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'coredns'
  | 'image-store'
  | 'containerd';

/** Everything that runs on the node beside pods; ports are the node's own. */
export function nodeProcesses(options: ProcessOptions): Readonly<Record<ProcessName, NodeProcess>> {
  const { directory, keys, tools } = options;
  const { kubeconfig } = directory;
  const tool = (name: ProcessName, args: readonly string[]): NodeProcess => {
    const command = tools[name];
    if (command === undefined) throw new Error(`A node needs ${name}, which is not among the tools.`);
    return { name, command, args };
  };
  const containerd = (name: ProcessName, file: string): NodeProcess => ({
    name,
    command: 'containerd',
    args: ['--config', directory.config(file)],
  });
  const etcdPorts = { client: 2379, peer: 2380 };
  return {
    etcd: tool('etcd', etcdFlags(`${directory.state}/etcd`, etcdPorts)),
    'kube-apiserver': tool('kube-apiserver', apiServer(keys, etcdPorts.client)),
    'kube-controller-manager': tool('kube-controller-manager', [
      ...controllerManagerFlags({ ...keys, kubeconfig }),
      `--pv-recycler-pod-template-filepath-hostpath=${directory.config('recycler.json')}`,
    ]),
    'kube-scheduler': tool('kube-scheduler', [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
    ]),
    kubelet: tool('kubelet', [
      `--config=${directory.config('kubelet.json')}`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${NETWORK.nodeIp}`,
    ]),
    'kube-proxy': tool('kube-proxy', [`--config=${directory.config('kube-proxy.json')}`]),
    coredns: tool('coredns', ['-conf', directory.config('Corefile')]),
    'image-store': containerd('image-store', 'containerd-store.toml'),
    containerd: containerd('containerd', 'containerd.toml'),
  };
}

function apiServer(keys: NodeKeys, etcdPort: number): string[] {
  const { serving, signingKey, authority, admin } = keys;
  return [
    ...apiServerFlags({ port: NETWORK.apiPort, etcdPort, serving, signingKey, authority }),
    `--advertise-address=${NETWORK.nodeIp}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--kubelet-client-certificate=${admin.cert}`,
    `--kubelet-client-key=${admin.key}`,
    '--kubelet-preferred-address-types=InternalIP',
  ];
}
