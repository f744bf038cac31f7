/** A published version of a Go module. */
export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** Checksum of its source, as go.sum has it: what is built is what was tried here. */
  readonly sum: string;
  /** Oldest Go that builds it. */
  readonly go: string;
  /**
   * Version under which the modules that lie inside its repository are published. Without it, go.mod names
   * published versions of these itself.
   */
  readonly stagingVersion?: string;
}

/** A command that tests need, built from source. */
export interface Tool {
  readonly name: string;
  readonly module: GoModule;
  /** `.`: the one that `source` is. */
  readonly mainPackage: string;
  /** Text of a main package that takes from the module what is needed, where its own takes everything. */
  readonly source?: string;
  /** Build tags. */
  readonly tags?: readonly string[];
  /** String variables that the linker sets, by import path and name. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Arguments with which it prints its version. */
  readonly versionArgs: readonly string[];
  /** The version that it prints, where that is not the module's. */
  readonly printedVersion?: string;
}

const KUBERNETES: GoModule = {
  path: 'k8s.io/kubernetes',
  version: 'v1.36.4',
  sum: 'h1:08GT0ZOMtyCcRnslyvnpWurf1wm20KHbC/aRS+0LxSo=',
  go: '1.26.0',
  stagingVersion: 'v0.36.4',
};

const ETCD: GoModule = {
  path: 'go.etcd.io/etcd/server/v3',
  version: 'v3.6.14',
  sum: 'h1:LfN38zdvhpYnmyHG6shLWkfmMukkoyM19KUEZx1ywpM=',
  go: '1.25.0',
};

const HELM: GoModule = {
  path: 'helm.sh/helm/v4',
  version: 'v4.2.4',
  sum: 'h1:qIysMI0JpTC4WXf3AQ99V6rZGT0+gO0Ww8IOnnUnaZk=',
  go: '1.26.0',
};

const KUBECONFORM: GoModule = {
  path: 'github.com/yannh/kubeconform',
  version: 'v0.7.0',
  sum: 'h1:ZFfniR8VChrWQxaxTUGnNrxw8RIDkjVBrjdhXSamwjw=',
  go: '1.24.0',
};

const COREDNS: GoModule = {
  path: 'github.com/coredns/coredns',
  version: 'v1.14.7',
  sum: 'h1:UPDkn4QN+xyNfjz3U5ldgoLszDYpMZEJoy3+ze9au4Q=',
  go: '1.25.0',
};

const K6: GoModule = {
  path: 'go.k6.io/k6/v2',
  version: 'v2.2.0',
  sum: 'h1:FXtQJeClRQm25eraUvz/cbn2xcYZThs6cv2lBnid8tM=',
  go: '1.25.0',
};

/** The module's path stays that of Jaeger 1, so no tag of Jaeger 2 can be named: this one is the same commit. */
const JAEGER: GoModule = {
  path: 'github.com/jaegertracing/jaeger',
  version: 'v1.76.0',
  sum: 'h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=',
  go: '1.24.6',
};
const JAEGER_VERSION = 'v2.13.0';

const PROMETHEUS: GoModule = {
  path: 'github.com/prometheus/prometheus',
  version: 'v0.313.5',
  sum: 'h1:5/kewqSFNlHQa9NqZxrOkXCBlEuJOvb+8gFOUxSWFv0=',
  go: '1.26.0',
};
const PROMETHEUS_VERSION = 'v3.13.5';

/** Four of its plugins, of some fifty: the others bring the clients of three clouds with them. */
const COREDNS_SOURCE = `package main

import (
	"${COREDNS.path}/coremain"
	_ "${COREDNS.path}/plugin/bind"
	_ "${COREDNS.path}/plugin/cache"
	_ "${COREDNS.path}/plugin/errors"
	_ "${COREDNS.path}/plugin/kubernetes"
)

func main() { coremain.Run() }
`;

/** Every tool there is, in the order in which they are built: what is shared is compiled early. */
export const TOOLS: readonly Tool[] = [
  { name: 'etcd', module: ETCD, mainPackage: ETCD.path, versionArgs: ['--version'] },
  kubernetes('kubectl', ['version', '--client']),
  kubernetes('kube-apiserver'),
  kubernetes('kube-controller-manager'),
  kubernetes('kube-scheduler'),
  kubernetes('kube-proxy'),
  kubernetes('kubelet'),
  {
    name: 'helm',
    module: HELM,
    mainPackage: `${HELM.path}/cmd/helm`,
    variables: { [`${HELM.path}/internal/version.version`]: HELM.version },
    versionArgs: ['version', '--short'],
  },
  {
    name: 'kubeconform',
    module: KUBECONFORM,
    mainPackage: `${KUBECONFORM.path}/cmd/kubeconform`,
    variables: { 'main.version': KUBECONFORM.version },
    versionArgs: ['-v'],
  },
  {
    name: 'promtool',
    module: PROMETHEUS,
    mainPackage: `${PROMETHEUS.path}/cmd/promtool`,
    // What finds targets at thirty clouds is not needed to test rules.
    tags: ['remove_all_sd'],
    variables: { 'github.com/prometheus/common/version.Version': PROMETHEUS_VERSION.slice(1) },
    versionArgs: ['--version'],
    printedVersion: PROMETHEUS_VERSION,
  },
  {
    name: 'coredns',
    module: COREDNS,
    mainPackage: '.',
    source: COREDNS_SOURCE,
    versionArgs: ['-version'],
  },
  { name: 'k6', module: K6, mainPackage: K6.path, versionArgs: ['version'] },
  {
    name: 'jaeger',
    module: JAEGER,
    mainPackage: `${JAEGER.path}/cmd/jaeger`,
    variables: { [`${JAEGER.path}/internal/version.latestVersion`]: JAEGER_VERSION },
    versionArgs: ['version'],
    printedVersion: JAEGER_VERSION,
  },
];

/** Tools that are asked for together. */
export const TOOL_SETS: Readonly<Record<string, readonly string[]>> = {
  'control-plane': ['etcd', 'kubectl', 'kube-apiserver', 'kube-controller-manager'],
  chart: ['helm', 'kubeconform', 'promtool'],
  // What makes a node of the control plane, and what its images are made of.
  node: ['kube-scheduler', 'kube-proxy', 'kubelet', 'coredns'],
  images: ['k6', 'jaeger'],
};

/** A name that is neither a tool nor a set of tools. */
export class UnknownToolError extends Error {
  readonly code = 'unknown-tool';
}

/** The tools named, sets expanded, each once, in the order in which they are built. @throws UnknownToolError */
export function chooseTools(names: readonly string[]): readonly Tool[] {
  const wanted = new Set(names.flatMap((name) => TOOL_SETS[name] ?? [name]));
  const known = new Set(TOOLS.map(({ name }) => name));
  const unknown = [...wanted].filter((name) => !known.has(name));
  if (unknown.length === 0) return TOOLS.filter(({ name }) => wanted.has(name));
  const choice = [...Object.keys(TOOL_SETS), ...known].join(', ');
  throw new UnknownToolError(`No such tool: ${unknown.join(', ')}. There are: ${choice}.`);
}

function kubernetes(name: string, versionArgs: readonly string[] = ['--version']): Tool {
  const mainPackage = `${KUBERNETES.path}/cmd/${name}`;
  return { name, module: KUBERNETES, mainPackage, variables: kubernetesVersion(), versionArgs };
}

/** Without these a server reports v0.0.0, which charts with a `kubeVersion` refuse. */
function kubernetesVersion(): Record<string, string> {
  const [major = '', minor = ''] = KUBERNETES.version.slice(1).split('.');
  const values = {
    gitVersion: KUBERNETES.version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const entries = packages.flatMap((path) =>
    Object.entries(values).map(([variable, value]) => [`${path}.${variable}`, value]),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}
