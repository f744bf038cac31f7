import type { DeclaredScaler } from '../api/parse.ts';
import { Discovery } from '../kube/discovery.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import { objectPath } from '../kube/resource-path.ts';
import { createScaleTarget, createWorkloadTarget } from '../kube/scale-target.ts';
import type { ScaleTarget } from '../loop/ports.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Declaration } from './declaration.ts';
import { targetKey } from './declaration.ts';

export interface TargetsOptions {
  readonly api: KubeApi;
  readonly cluster: ClusterState;
  /** ms that a write may take; 0: we may not write. */
  readonly writeWithinMs: () => number;
}

/** The targets of all scalers; each is made once and kept as long as it is asked for. */
export class Targets {
  private readonly options: TargetsOptions;
  private readonly discovery: Discovery;
  private readonly known = new Map<string, ScaleTarget>();

  constructor(options: TargetsOptions) {
    this.options = options;
    this.discovery = new Discovery(options.api);
  }

  of({ namespace }: Declaration, { target }: DeclaredScaler): ScaleTarget {
    const key = targetKey(namespace, target);
    const known = this.known.get(key) ?? this.make(namespace, target);
    this.known.set(key, known);
    return known;
  }

  /** Forgets all targets but these. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.known.keys()) if (!keys.has(key)) this.known.delete(key);
  }

  private make(namespace: string, target: DeclaredScaler['target']): ScaleTarget {
    const { api, cluster, writeWithinMs } = this.options;
    const { apiVersion, kind, name } = target;
    const workloads = cluster.workloadsOf(target);
    const path = async (): Promise<string> => {
      const plural = workloads ? `${kind.toLowerCase()}s` : await this.discovery.scalable(apiVersion, kind);
      return objectPath(apiVersion, plural, { namespace, name });
    };
    const common = { api, name: `${kind} ${name}`, key: `${namespace}/${name}`, path, writeWithinMs };
    return workloads ? createWorkloadTarget({ ...common, workloads }) : createScaleTarget(common);
  }
}
