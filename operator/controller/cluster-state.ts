import type { TargetRef } from '../api/parse.ts';
import { API_VERSION, PLURAL } from '../api/v1alpha1.ts';
import type { Logger } from '../../otel/logger.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { collectionPath } from '../kube/resource-path.ts';
import { SupervisedInformer } from '../kube/supervised-informer.ts';
import type { Workload } from '../kube/workload.ts';
import { keepWorkload } from '../kube/workload.ts';
import type { Declaration } from './declaration.ts';
import { readDeclaration, targetKey } from './declaration.ts';
import type { OwnedTarget } from './other-owners.ts';
import { keepHpa, keepScaledObject } from './other-owners.ts';
import type { OtherOwner, World } from './world.ts';

export interface ClusterStateOptions {
  readonly api: KubeApi;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly connections: ReadonlySet<string>;
  readonly log: Logger;
}

/** Everything that decisions need to know of the cluster, followed by informers. */
export class ClusterState implements World {
  readonly connections: ReadonlySet<string>;
  readonly declarations: SupervisedInformer<Declaration>;
  private readonly workloads: ReadonlyMap<string, SupervisedInformer<Workload | undefined>>;
  private readonly owned: readonly SupervisedInformer<OwnedTarget | undefined>[];
  private readonly informers: readonly Pick<
    SupervisedInformer<unknown>,
    'start' | 'stop' | 'whenSynced' | 'hasSynced'
  >[];
  private changes = 0;
  private claims: ReadonlyMap<string, readonly Declaration[]> | undefined;
  private owners: ReadonlyMap<string, OtherOwner> | undefined;

  constructor({ api, namespace, connections, log }: ClusterStateOptions) {
    this.connections = connections;
    const informer = <Item>(
      version: string,
      plural: string,
      keep: (object: KubeObject) => Item,
      optional = false,
    ) =>
      new SupervisedInformer({ api, log, keep, optional, path: collectionPath(version, plural, namespace) });
    this.declarations = informer(API_VERSION, PLURAL, readDeclaration);
    const deployments = informer('apps/v1', 'deployments', keepWorkload);
    const statefulSets = informer('apps/v1', 'statefulsets', keepWorkload);
    this.workloads = new Map([
      ['Deployment', deployments],
      ['StatefulSet', statefulSets],
    ]);
    this.owned = [
      informer('autoscaling/v2', 'horizontalpodautoscalers', keepHpa),
      informer('keda.sh/v1alpha1', 'scaledobjects', keepScaledObject, true),
    ];
    this.informers = [this.declarations, deployments, statefulSets, ...this.owned];
    this.declarations.onChange((_key, before, now) => {
      if (saysTheSame(before, now)) return;
      this.claims = undefined;
      this.changes++;
    });
    for (const one of this.owned)
      one.onChange(() => {
        this.owners = undefined;
        this.changes++;
      });
    for (const one of [deployments, statefulSets])
      one.onChange((_key, before, now) => {
        if ((before === undefined) !== (now === undefined)) this.changes++;
      });
  }

  /** Rises with every change that one StageScaler may be judged differently for, other than its own. */
  get revision(): number {
    return this.changes;
  }

  start(): void {
    for (const one of this.informers) one.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.informers.map((one) => one.stop()));
  }

  /** Resolves when everything has been listed once. */
  async whenSynced(): Promise<void> {
    await Promise.all(this.informers.map((one) => one.whenSynced()));
  }

  hasSynced(): boolean {
    return this.informers.every((one) => one.hasSynced());
  }

  declaration(key: string): Declaration | undefined {
    return this.declarations.get(key);
  }

  claimants(target: string): readonly Declaration[] {
    this.claims ??= claimsOf(this.declarations.all().values());
    return this.claims.get(target) ?? [];
  }

  otherOwner(target: string): OtherOwner | undefined {
    this.owners ??= ownersOf(this.owned);
    return this.owners.get(target);
  }

  targetExists(namespace: string, target: TargetRef): boolean | undefined {
    const workloads = this.workloadsOf(target);
    return workloads && workloads.get(`${namespace}/${target.name}`) !== undefined;
  }

  workload(namespace: string, target: TargetRef): Workload | undefined {
    return this.workloadsOf(target)?.get(`${namespace}/${target.name}`);
  }

  /** Undefined: objects of this kind are not followed. */
  workloadsOf({ apiVersion, kind }: TargetRef): SupervisedInformer<Workload | undefined> | undefined {
    return apiVersion === 'apps/v1' ? this.workloads.get(kind) : undefined;
  }
}

/** To others: its status is its own, and whatever else is no part of its spec. */
function saysTheSame(before: Declaration | undefined, now: Declaration | undefined): boolean {
  return (
    before?.uid === now?.uid &&
    before?.generation === now?.generation &&
    before?.parsed.kind === now?.parsed.kind
  );
}

function claimsOf(declarations: Iterable<Declaration>): Map<string, Declaration[]> {
  const claims = new Map<string, Declaration[]>();
  for (const declaration of declarations) {
    if (declaration.parsed.kind === 'invalid') continue;
    const key = targetKey(declaration.namespace, declaration.parsed.scaler.target);
    claims.set(key, [...(claims.get(key) ?? []), declaration]);
  }
  for (const list of claims.values())
    list.sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name));
  return claims;
}

function ownersOf(
  informers: readonly SupervisedInformer<OwnedTarget | undefined>[],
): Map<string, OtherOwner> {
  const owners = new Map<string, OtherOwner>();
  // A ScaledObject has made an HPA of its own: the later, that is the ScaledObject, is what the user knows.
  for (const informer of informers)
    for (const owned of informer.all().values()) if (owned) owners.set(owned.target, owned.owner);
  return owners;
}
