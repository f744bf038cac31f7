import type { AppsV1Api, V1Deployment } from '@kubernetes/client-node';
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { until } from '../fixtures/until.ts';

export interface ObjectName {
  readonly name: string;
  readonly namespace: string;
}

/** A Deployment whose pods need no image that is anywhere, for a cluster where a PodReadier stands in for nodes. */
export function deployment(name: string, replicas: number): V1Deployment {
  const labels = { app: name };
  return {
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          // A scheduler that is there leaves these pods alone.
          schedulerName: 'sluice-fake-node',
          containers: [{ name: 'main', image: 'localhost/nothing:1' }],
        },
      },
    },
  };
}

/** As `kubectl scale` does it: through the subresource, whatever was changed meanwhile. */
export async function scale(apps: AppsV1Api, at: ObjectName, replicas: number): Promise<void> {
  const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  await apps.patchNamespacedDeploymentScale({ ...at, body: { spec: { replicas } } }, merge);
}

/** Resolves when the Deployment has exactly so many pods, and all are ready; rejects after `timeoutMs`. */
export function whenReady(
  apps: AppsV1Api,
  at: ObjectName,
  replicas: number,
  timeoutMs?: number,
): Promise<V1Deployment> {
  const look = async (): Promise<V1Deployment | false> => {
    const found = await apps.readNamespacedDeployment(at);
    const { readyReplicas = 0, replicas: present = 0, observedGeneration } = found.status ?? {};
    const current = observedGeneration === found.metadata?.generation;
    return current && readyReplicas === replicas && present === replicas && found;
  };
  return until(`${replicas} ready replicas of ${at.name}`, look, timeoutMs);
}
