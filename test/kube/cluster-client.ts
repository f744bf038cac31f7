import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readCrd } from '../../operator/api/read-crd.ts';
import type { Condition, ConditionType, StageScalerStatus } from '../../operator/api/v1alpha1.ts';
import { hasStatus } from '../../operator/kube/kube-error.ts';
import type { KubeRequest } from '../../operator/kube/kube-api.ts';
import { KubeClient } from '../../operator/kube/kube-api.ts';
import { listAll } from '../../operator/kube/list-all.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { deployment } from '../cluster/deployment.ts';
import { until } from '../fixtures/until.ts';

const run = promisify(execFile);
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Replicas are material to a status, which is written without delay then. */
const STATUS_MS = 2_000;

export interface ToldEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  /** Name of the StageScaler. */
  readonly about: string;
}

const eventSchema = z.object({
  type: z.string(),
  reason: z.string(),
  note: z.string(),
  regarding: z.object({ name: z.string() }),
});

/** What a test does to one namespace of the cluster, as its user. */
export class ClusterClient {
  readonly api: KubeClient;
  readonly namespace: string;
  private readonly kubectlPath: string;
  private readonly kubeconfig: string;

  constructor(options: { kubeconfig: string; kubectl: string; namespace: string }) {
    this.api = new KubeClient(loadKubeConfig(options.kubeconfig));
    this.namespace = options.namespace;
    this.kubectlPath = options.kubectl;
    this.kubeconfig = options.kubeconfig;
  }

  async close(): Promise<void> {
    await this.api.close();
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    const common = ['--kubeconfig', this.kubeconfig, '-n', this.namespace];
    return (await run(this.kubectlPath, [...common, ...args])).stdout;
  }

  /** Resolves when StageScalers can be created. */
  async installCrd(): Promise<void> {
    const name = 'stagescalers.sluice.dev';
    await this.api.request({
      method: 'PATCH',
      path: `${CRDS}/${name}`,
      query: { fieldManager: 'test', force: true },
      contentType: 'application/apply-patch+yaml',
      body: await readCrd(),
    });
    await until('the CRD', () =>
      this.api.request({ method: 'GET', path: this.scalers() }).then(
        () => true,
        () => false,
      ),
    );
  }

  scalers(name?: string): string {
    const collection = `/apis/sluice.dev/v1alpha1/namespaces/${this.namespace}/stagescalers`;
    return name === undefined ? collection : `${collection}/${name}`;
  }

  deployments(name: string): string {
    return `/apis/apps/v1/namespaces/${this.namespace}/deployments/${name}`;
  }

  /** A StageScaler for 12 partitions, 10 s and at most 12 replicas, with changes to its spec. */
  async createScaler(name: string, spec: object = {}, metadata: object = {}): Promise<void> {
    await this.api.request({
      method: 'POST',
      path: this.scalers(),
      body: {
        apiVersion: 'sluice.dev/v1alpha1',
        kind: 'StageScaler',
        metadata: { name, ...metadata },
        spec: {
          scaleTargetRef: { name },
          kafka: { consumerGroup: `group-${name}`, topics: [`topic-${name}`] },
          objective: { maxAgeSeconds: 10 },
          maxReplicas: 12,
          ...spec,
        },
      },
    });
  }

  async createDeployment(name: string, replicas: number): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${this.namespace}/deployments`;
    await this.api.request({ method: 'POST', path, body: deployment(name, replicas) });
  }

  async patch(path: string, body: unknown): Promise<void> {
    const request = { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' } as const;
    await this.api.request(request satisfies KubeRequest);
  }

  async delete(path: string): Promise<void> {
    await this.api.request({ method: 'DELETE', path });
  }

  async replicas(name: string): Promise<number> {
    const found = await this.api.request({ method: 'GET', path: this.deployments(name) });
    return z.object({ spec: z.object({ replicas: z.number() }) }).parse(found).spec.replicas;
  }

  async status(name: string): Promise<StageScalerStatus> {
    const found = await this.api.request({ method: 'GET', path: this.scalers(name) });
    return z.object({ status: z.looseObject({}).default({}) }).parse(found).status;
  }

  async condition(name: string, type: ConditionType): Promise<Condition | undefined> {
    return (await this.status(name)).conditions?.find((condition) => condition.type === type);
  }

  async events(about: string): Promise<ToldEvent[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${this.namespace}/events`;
    const { objects } = await listAll(this.api, path);
    return objects
      .map((object) => eventSchema.parse(object))
      .map(({ type, reason, note, regarding }) => ({ type, reason, note, about: regarding.name }))
      .filter((event) => event.about === about);
  }

  untilReplicas(name: string, expected: number, timeoutMs?: number): Promise<unknown> {
    const what = `${expected} replicas of ${name}`;
    return until(what, async () => (await this.replicas(name)) === expected, timeoutMs);
  }

  /** Events and status are sent side by side, at once: who has seen the one may be too early for the other. */
  async untilStatusSays(
    name: string,
    currentReplicas: number,
    timeoutMs = STATUS_MS,
  ): Promise<StageScalerStatus> {
    const look = async () => {
      const status = await this.status(name);
      return status.currentReplicas === currentReplicas && status;
    };
    return until(`the status of ${name} to say ${currentReplicas} replicas`, look, timeoutMs);
  }

  /** Rejects with what the conditions were at last. */
  async untilCondition(
    name: string,
    type: ConditionType,
    reason: string,
    timeoutMs?: number,
  ): Promise<Condition> {
    let last: readonly Condition[] = [];
    const look = async (): Promise<Condition | false | undefined> => {
      last = (await this.status(name)).conditions ?? [];
      const condition = last.find((one) => one.type === type);
      return condition?.reason === reason && condition;
    };
    const patiently = () =>
      look().catch((error: unknown) => {
        if (hasStatus(error, 0)) return undefined;
        throw error;
      });
    try {
      return await until(`${name} to be ${type} for ${reason}`, patiently, timeoutMs);
    } catch (error) {
      throw new Error(`${name}: ${last.map((one) => `${one.type} ${one.reason}`).join(', ')}`, {
        cause: error,
      });
    }
  }

  untilEvent(about: string, reason: string, timeoutMs?: number): Promise<ToldEvent> {
    const look = async () => (await this.events(about)).find((event) => event.reason === reason);
    return until(`an Event ${reason} of ${about}`, look, timeoutMs);
  }
}
