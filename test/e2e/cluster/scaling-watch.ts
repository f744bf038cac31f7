import { z } from 'zod';
import { KubeClient } from '../../../operator/kube/kube-api.ts';
import { loadKubeConfig } from '../../../operator/kube/load-config.ts';
import type { Sample } from '../reading/scaling-record.ts';
import type { KubectlOptions } from './kubectl.ts';
import { Poller } from './poller.ts';

const INTERVAL_MS = 500;

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z
        .object({
          currentReplicas: z.number().default(0),
          readyReplicas: z.number().default(0),
          lagRecords: z.number().optional(),
          ageSeconds: z.number().optional(),
          arrivalPerSecond: z.number().optional(),
          reason: z.string().default(''),
        })
        .default({ currentReplicas: 0, readyReplicas: 0, reason: '' }),
    }),
  ),
});

/** Writes down what the statuses of all StageScalers of a namespace say, twice a second, until it is closed. */
export class ScalingWatch {
  private readonly api: KubeClient;
  private readonly path: string;
  private readonly byName = new Map<string, Sample[]>();
  private readonly poller: Poller;

  constructor({ kubeconfig, namespace }: Pick<KubectlOptions, 'kubeconfig' | 'namespace'>) {
    this.api = new KubeClient(loadKubeConfig(kubeconfig));
    this.path = `/apis/sluice.dev/v1alpha1/namespaces/${namespace}/stagescalers`;
    this.poller = new Poller(() => this.look(), INTERVAL_MS);
  }

  /** What was seen of one since a time (Unix ms). */
  since(name: string, fromMs: number): readonly Sample[] {
    return (this.byName.get(name) ?? []).filter(({ atMs }) => atMs >= fromMs);
  }

  latest(name: string): Sample | undefined {
    return this.byName.get(name)?.at(-1);
  }

  async close(): Promise<void> {
    await this.poller.close();
    await this.api.close();
  }

  private async look(): Promise<void> {
    const { items } = listSchema.parse(await this.api.request({ method: 'GET', path: this.path }));
    const atMs = Date.now();
    for (const { metadata, status } of items) {
      const { currentReplicas: replicas, lagRecords, ageSeconds, arrivalPerSecond, ...rest } = status;
      const sample = { atMs, replicas, lagRecords, ageSeconds, arrivalPerSecond, ...rest };
      const samples = this.byName.get(metadata.name);
      if (samples) samples.push(sample);
      else this.byName.set(metadata.name, [sample]);
    }
  }
}
