import { join } from 'node:path';
import { z } from 'zod';
import { CHART, ROOT } from '../../chart/helm.ts';
import type { WorkloadCluster } from '../../cluster/workload-cluster.ts';
import { HelmRelease } from '../cluster/helm-release.ts';
import { Kubectl } from '../cluster/kubectl.ts';
import { ScalingWatch } from '../cluster/scaling-watch.ts';
import { Report } from '../reading/report.ts';

/** The cluster under the tests, as the set-up of the project found or made it. */
export type Place = Omit<WorkloadCluster, 'stop'>;

export interface Suite {
  readonly place: Place;
  readonly kubectl: Kubectl;
  readonly release: HelmRelease;
  readonly watch: ScalingWatch;
  readonly report: Report;
}

export const NAMESPACE = 'sluice-e2e';
const PROFILE = join(CHART, 'values-demo.yaml');
/** Beyond the profile: two operators, so that one can be killed, and little patience, so that the tests are short. */
const SET = ['operator.replicas=2', 'stageDefaults.scaler.idleSeconds=30', 'pipeline.logLevel=info'];

/** The demo profile as release `sluice`, in a namespace that admits only what meets the restricted standard. */
export async function openSuite(place: Place): Promise<Suite> {
  const { kubeconfig } = place;
  const kubectl = new Kubectl({ command: place.kubectl, kubeconfig, namespace: NAMESPACE });
  const release = new HelmRelease({
    command: place.helm,
    kubeconfig,
    namespace: NAMESPACE,
    name: 'sluice',
    values: [PROFILE, place.imageValues],
    set: SET,
  });
  await makeNamespace(kubectl);
  // What a release in another namespace has left belongs to that one. A cluster of the user's is left as it is.
  if (place.kind !== 'given')
    await kubectl.run(['delete', 'crd', 'stagescalers.sluice.dev', '--ignore-not-found']);
  const watch = new ScalingWatch({ kubeconfig, namespace: NAMESPACE });
  return { place, kubectl, release, watch, report: new Report(join(ROOT, 'report', 'cluster')) };
}

/** An empty namespace; what an earlier run has left in it goes. */
export async function makeNamespace(kubectl: Kubectl): Promise<void> {
  const { namespace: name } = kubectl.options;
  await kubectl.run(['delete', 'namespace', name, '--ignore-not-found', '--wait', '--timeout=120s']);
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
}

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  status: z.object({
    phase: z.string(),
    containerStatuses: z
      .array(
        z.object({
          ready: z.boolean(),
          restartCount: z.number(),
          state: z.record(z.string(), z.object({ reason: z.string().optional() }).loose()).default({}),
        }),
      )
      .default([]),
  }),
});
const podsSchema = z.object({ items: z.array(podSchema) });

export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  readonly component: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly phase: string;
  /** Why its container waits: CreateContainerConfigError and the like. */
  readonly waitsFor: string | undefined;
}

/** The pods of a release, those of Jobs and tests that have ended left out. */
export async function podsOf(kubectl: Kubectl, component?: string): Promise<PodFacts[]> {
  const selector = component ? [`--selector=app.kubernetes.io/component=${component}`] : [];
  const { items } = await kubectl.json(podsSchema, 'get', 'pods', ...selector);
  return items
    .filter(({ status }) => status.phase !== 'Succeeded' && status.phase !== 'Failed')
    .map(({ metadata, status: { phase, containerStatuses } }) => ({
      name: metadata.name,
      uid: metadata.uid,
      component: metadata.labels['app.kubernetes.io/component'] ?? '',
      ready: containerStatuses.length > 0 && containerStatuses.every(({ ready }) => ready),
      restarts: containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
      phase,
      waitsFor: containerStatuses[0]?.state['waiting']?.reason,
    }));
}
