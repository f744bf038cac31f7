import { CLUSTER_DOMAIN, NETWORK, NODE_NAME } from './network.ts';
import type { NodeDirectory } from './node-directory.ts';

export interface ConfigurationOptions {
  readonly directory: NodeDirectory;
  /** Reference of the image that holds the namespaces of a pod. */
  readonly pauseImage: string;
  /** Reference of an image with a shell. */
  readonly shellImage: string;
}

/** Configuration files of the node's processes, by name. JSON is YAML. */
export function configurationFiles(options: ConfigurationOptions): Readonly<Record<string, string>> {
  const { directory, pauseImage, shellImage } = options;
  return {
    'kubelet.json': json(kubelet(directory)),
    'kube-proxy.json': json(kubeProxy(directory)),
    'containerd-store.toml': containerdStore(directory),
    'containerd.toml': containerd(directory, pauseImage),
    'cni/10-pods.conflist': json(podNetwork()),
    'resolv.conf': `nameserver ${NETWORK.dnsIp}\n`,
    Corefile: corefile(directory),
    'recycler.json': json(recycler(shellImage)),
  };
}

function kubelet(directory: NodeDirectory): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${directory.cgroup}`,
    failSwapOn: false,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${directory.pki}/kubernetes-ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    clusterDNS: [NETWORK.dnsIp],
    clusterDomain: CLUSTER_DOMAIN,
    resolvConf: directory.config('resolv.conf'),
    maxPods: 200,
    serializeImagePulls: false,
    // No image may be collected: there is nowhere to pull it from again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '200Mi',
      'nodefs.available': '2%',
      'imagefs.available': '2%',
      'nodefs.inodesFree': '1%',
    },
  };
}

function kubeProxy(directory: NodeDirectory): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clusterCIDR: NETWORK.podRange,
    hostnameOverride: NODE_NAME,
    clientConnection: { kubeconfig: directory.kubeconfig },
    // The size of the table is the machine's.
    conntrack: { maxPerCore: 0 },
    iptables: { minSyncPeriod: '200ms' },
  };
}

const containerdBase = ({ store }: NodeDirectory): string => `version = 2
root = "${store}"
state = "/run/containerd"
`;

/** What it would otherwise make in /opt of the machine. */
const CONTAINERD_OPT = `[plugins."io.containerd.internal.v1.opt"]
  path = "/run/containerd/opt"
`;

/** The store of images alone, without pods. */
const containerdStore = (directory: NodeDirectory): string => `${containerdBase(directory)}
disabled_plugins = ["io.containerd.grpc.v1.cri"]

${CONTAINERD_OPT}`;

// Without CAP_SYS_RESOURCE nobody can lower the score by which processes are ended for want of memory.
const containerd = (directory: NodeDirectory, pauseImage: string): string => `${containerdBase(directory)}
${CONTAINERD_OPT}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory.config('cni')}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`;

function podNetwork(): object {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: NETWORK.podRange }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, hairpinMode: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

const corefile = ({ kubeconfig }: NodeDirectory): string => `.:${NETWORK.dnsPort} {
  bind ${NETWORK.nodeIp}
  errors
  cache 5
  kubernetes ${CLUSTER_DOMAIN} in-addr.arpa {
    kubeconfig ${kubeconfig}
    pods insecure
  }
}
`;

/** The pod that empties a volume whose claim has been deleted; the volume is put in by who starts it. */
function recycler(image: string): object {
  const container = {
    name: 'recycler',
    image,
    command: ['find', '/volume', '-mindepth', '1', '-delete'],
    volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'recycler-', namespace: 'default' },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: 'volume', hostPath: { path: '/nothing' } }],
      containers: [container],
    },
  };
}

const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
