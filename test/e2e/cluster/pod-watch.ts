import { z } from 'zod';
import { KubeClient } from '../../../operator/kube/kube-api.ts';
import { loadKubeConfig } from '../../../operator/kube/load-config.ts';
import type { KubectlOptions } from './kubectl.ts';
import { Poller } from './poller.ts';

const INTERVAL_MS = 2_000;

const stateSchema = z
  .object({ terminated: z.object({ reason: z.string().default('') }).optional() })
  .default({});
const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        containerStatuses: z
          .array(z.object({ restartCount: z.number(), state: stateSchema, lastState: stateSchema }))
          .default([]),
      }),
    }),
  ),
});

/** What became of the containers of a namespace while it was open, pods that have gone since included. */
export class PodWatch {
  private readonly api: KubeClient;
  private readonly path: string;
  private readonly restartedPods = new Map<string, number>();
  private readonly starvedPods = new Set<string>();
  private readonly poller: Poller;

  constructor({ kubeconfig, namespace }: Pick<KubectlOptions, 'kubeconfig' | 'namespace'>) {
    this.api = new KubeClient(loadKubeConfig(kubeconfig));
    this.path = `/api/v1/namespaces/${namespace}/pods`;
    this.poller = new Poller(() => this.look(), INTERVAL_MS);
  }

  /** How often a container of a pod was started anew, by name of the pod. */
  get restarts(): ReadonlyMap<string, number> {
    return this.restartedPods;
  }

  /** Names of pods that ran out of memory. */
  get outOfMemory(): readonly string[] {
    return [...this.starvedPods];
  }

  async close(): Promise<void> {
    await this.poller.close();
    await this.api.close();
  }

  private async look(): Promise<void> {
    const { items } = podsSchema.parse(await this.api.request({ method: 'GET', path: this.path }));
    for (const { metadata, status } of items)
      for (const { restartCount, state, lastState } of status.containerStatuses) {
        if (restartCount > 0) this.restartedPods.set(metadata.name, restartCount);
        const ends = [state.terminated?.reason, lastState.terminated?.reason];
        if (ends.includes('OOMKilled')) this.starvedPods.add(metadata.name);
      }
  }
}
