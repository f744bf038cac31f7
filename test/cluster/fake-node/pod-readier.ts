import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import {
  CoordinationV1Api,
  CoreV1Api,
  PatchStrategy,
  V1MicroTime,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { isReady, nodeLease, readyNode, readyStatus } from './node-objects.ts';
import { watchPods } from './watch-pods.ts';

export interface PodReadierOptions {
  readonly config: KubeConfig;
  readonly namespace: string;
  /** Ms from the binding of a pod to its readiness; Infinity: never. Default 0. */
  readonly coldStartMs?: number | ((pod: V1Pod) => number);
  /** Ms that a pod takes to end. Default 0. */
  readonly terminationMs?: number;
}

const LEASES = 'kube-node-lease';
const LEASE_RENEWAL_MS = 10_000;
const RETRY_MS = 250;
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

type Phase = 'binding' | 'bound' | 'ending';

interface Step {
  readonly phase: Phase;
  readonly delayMs: number;
  readonly act: () => Promise<unknown>;
}

/**
 * Scheduler and kubelet for tests that need pods to count as ready, and no containers: binds every pod of a
 * namespace to a Node object of its own, reports it Ready after a cold start, and lets a deleted one go. What
 * follows from that in ReplicaSets and Deployments is the controller manager's own work.
 */
export class PodReadier {
  readonly nodeName = `fake-${randomBytes(4).toString('hex')}`;
  private readonly options: PodReadierOptions;
  private readonly core: CoreV1Api;
  private readonly leases: CoordinationV1Api;
  private readonly abort = new AbortController();
  /** How far each pod is, by uid. */
  private readonly phases = new Map<string, Phase>();
  private running: Promise<unknown> = Promise.resolve();
  private nextIp = 1;

  constructor(options: PodReadierOptions) {
    this.options = options;
    this.core = options.config.makeApiClient(CoreV1Api);
    this.leases = options.config.makeApiClient(CoordinationV1Api);
  }

  /** Resolves when the node is there. */
  async start(): Promise<void> {
    await this.core.createNode({ body: readyNode(this.nodeName, new Date()) });
    const lease = nodeLease(this.nodeName, new Date());
    await this.leases.createNamespacedLease({ namespace: LEASES, body: lease });
    const { config, namespace } = this.options;
    const pods = watchPods({
      config,
      api: this.core,
      namespace,
      onList: (pods) => this.forgetOthers(pods),
      onPod: (pod) => void this.advance(pod),
      onGone: (pod) => void this.phases.delete(pod.metadata!.uid!),
      signal: this.abort.signal,
    });
    this.running = Promise.all([pods, this.renewLease()]);
  }

  /** Removes the node. Pods that are on it stay as they are until the cluster itself collects them. */
  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
    const { nodeName: name } = this;
    // Where the cluster is gone already there is nothing left to be removed.
    await this.leases.deleteNamespacedLease({ name, namespace: LEASES }).catch(() => {});
    await this.core.deleteNode({ name }).catch(() => {});
  }

  /** The next step of a pod's life, each begun once. */
  private async advance(pod: V1Pod): Promise<void> {
    const uid = pod.metadata!.uid!;
    const step = this.nextStep(pod);
    if (!step || this.phases.get(uid) === step.phase) return;
    this.phases.set(uid, step.phase);
    await this.insist(uid, step);
  }

  private nextStep(pod: V1Pod): Step | undefined {
    const node = pod.spec?.nodeName;
    const ending = pod.metadata?.deletionTimestamp !== undefined;
    // One that ends before it is bound is removed by the API server at once.
    if (node === undefined)
      return ending ? undefined : { phase: 'binding', delayMs: 0, act: () => this.bind(pod) };
    if (node !== this.nodeName) return undefined;
    const { terminationMs = 0 } = this.options;
    if (ending) return { phase: 'ending', delayMs: terminationMs, act: () => this.remove(pod) };
    if (isReady(pod)) return undefined;
    return { phase: 'bound', delayMs: this.coldStartMs(pod), act: () => this.makeReady(pod) };
  }

  /** Acts after the delay, and again while the API server does not answer and the pod is still in this phase. */
  private async insist(uid: string, { phase, delayMs, act }: Step): Promise<void> {
    const { signal } = this.abort;
    if (delayMs === Infinity) return;
    let waitMs = delayMs;
    while (!signal.aborted) {
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted || this.phases.get(uid) !== phase) return;
      try {
        await act();
        return;
      } catch (error) {
        // Refused for good: the pod is gone, or somebody else has bound it.
        if ([404, 409].includes((error as { code?: number }).code ?? 0)) return;
        waitMs = RETRY_MS;
      }
    }
  }

  private coldStartMs(pod: V1Pod): number {
    const { coldStartMs = 0 } = this.options;
    return typeof coldStartMs === 'number' ? coldStartMs : coldStartMs(pod);
  }

  private bind({ metadata }: V1Pod): Promise<unknown> {
    const { name, namespace } = this.identity(metadata);
    const target = { apiVersion: 'v1', kind: 'Node', name: this.nodeName };
    return this.core.createNamespacedPodBinding({
      name,
      namespace,
      body: { metadata: { name, namespace }, target },
    });
  }

  private makeReady(pod: V1Pod): Promise<unknown> {
    const address = this.nextIp++;
    const podIP = `10.244.${(address >> 8) & 255}.${address & 255}`;
    const body = { status: readyStatus(pod, podIP, new Date()) };
    return this.core.patchNamespacedPodStatus({ ...this.identity(pod.metadata), body }, MERGE);
  }

  private remove({ metadata }: V1Pod): Promise<unknown> {
    const preconditions = { uid: metadata!.uid! };
    return this.core.deleteNamespacedPod({
      ...this.identity(metadata),
      body: { gracePeriodSeconds: 0, preconditions },
    });
  }

  private identity(metadata: V1Pod['metadata']): { readonly name: string; readonly namespace: string } {
    return { name: metadata!.name!, namespace: this.options.namespace };
  }

  private forgetOthers(pods: readonly V1Pod[]): void {
    const present = new Set(pods.map((pod) => pod.metadata!.uid!));
    for (const uid of this.phases.keys()) if (!present.has(uid)) this.phases.delete(uid);
  }

  private async renewLease(): Promise<void> {
    const { signal } = this.abort;
    const name = this.nodeName;
    while (!signal.aborted) {
      await sleep(LEASE_RENEWAL_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const body = { spec: { renewTime: new V1MicroTime() } };
      await this.leases.patchNamespacedLease({ name, namespace: LEASES, body }, MERGE).catch(() => {});
    }
  }
}
