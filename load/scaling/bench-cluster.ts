import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readCrd } from '../../operator/api/read-crd.ts';
import { KubeClient } from '../../operator/kube/kube-api.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';

const deploymentSchema = z.object({
  spec: z.object({ replicas: z.number() }),
  status: z.object({ readyReplicas: z.number().default(0) }).default({ readyReplicas: 0 }),
});
const podsSchema = z.object({ items: z.array(z.object({ status: z.object({ podIP: z.string() }) })) });

/** Whether a request succeeds. */
const THERE = [() => true, () => false] as const;
/** Paths of what is made; $ is the namespace. */
const COLLECTIONS = {
  Service: '/api/v1/namespaces/$/services',
  Deployment: '/apis/apps/v1/namespaces/$/deployments',
  StageScaler: '/apis/sluice.dev/v1alpha1/namespaces/$/stagescalers',
} as const;
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/stagescalers.sluice.dev';
export type BenchKind = keyof typeof COLLECTIONS;

const READY_MS = 300_000;
const POLL_MS = 250;

/** What the bench does to the cluster. Methods reject with KubeError. */
export class BenchCluster {
  private readonly api: KubeClient;
  /** The definition of StageScaler was not there before. */
  private hasBroughtCrd = false;

  constructor(kubeconfig: string | undefined) {
    this.api = new KubeClient(loadKubeConfig(kubeconfig));
  }

  close(): Promise<void> {
    return this.api.close();
  }

  async version(): Promise<string> {
    const found = await this.api.request({ method: 'GET', path: '/version' });
    return z.object({ gitVersion: z.string() }).parse(found).gitVersion;
  }

  /** Resolves when StageScalers can be created. */
  async installCrd(): Promise<void> {
    this.hasBroughtCrd = !(await this.api.request({ method: 'GET', path: CRD }).then(...THERE));
    await this.api.request({
      method: 'PATCH',
      path: CRD,
      query: { fieldManager: 'sluice-bench', force: true },
      contentType: 'application/apply-patch+yaml',
      body: await readCrd(),
    });
    const path = '/apis/sluice.dev/v1alpha1/stagescalers';
    while (!(await this.api.request({ method: 'GET', path }).then(...THERE))) await sleep(POLL_MS);
  }

  /** Takes the definition away again where it was not there before: a chart that brings its own would not install. */
  async removeCrd(): Promise<void> {
    if (this.hasBroughtCrd) await this.api.request({ method: 'DELETE', path: CRD });
  }

  /** A namespace of its own for each run: an autoscaler remembers what it knew of a name. */
  async createNamespace(): Promise<string> {
    const name = `sluice-bench-${randomBytes(3).toString('hex')}`;
    await this.api.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
    return name;
  }

  async deleteNamespace(name: string): Promise<void> {
    await this.api.request({ method: 'DELETE', path: `/api/v1/namespaces/${name}` });
  }

  async create(namespace: string, body: { readonly kind: BenchKind }): Promise<void> {
    const path = COLLECTIONS[body.kind].replace('$', namespace);
    await this.api.request({ method: 'POST', path, body });
  }

  /** Resolves when all replicas of a Deployment are ready. @throws Error after five minutes */
  async whenReady(namespace: string, name: string): Promise<void> {
    const end = performance.now() + READY_MS;
    for (;;) {
      const { spec, status } = await this.deployment(namespace, name);
      if (status.readyReplicas === spec.replicas) return;
      if (performance.now() > end) throw new Error(`${namespace}/${name} is not ready after five minutes.`);
      await sleep(POLL_MS);
    }
  }

  async replicas(namespace: string, name: string): Promise<number> {
    return (await this.deployment(namespace, name)).spec.replicas;
  }

  /** Of the first pod of a Deployment. */
  async podIp(namespace: string, app: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const query = { labelSelector: `app=${app}` };
    const { items } = podsSchema.parse(await this.api.request({ method: 'GET', path, query }));
    return items[0]!.status.podIP;
  }

  private async deployment(namespace: string, name: string) {
    const path = `${COLLECTIONS.Deployment.replace('$', namespace)}/${name}`;
    return deploymentSchema.parse(await this.api.request({ method: 'GET', path }));
  }
}
