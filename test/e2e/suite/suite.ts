import { join } from 'node:path';
import { z } from 'zod';
import { CHART, ROOT } from '../../chart/helm.ts';
import type { WorkloadCluster } from '../../cluster/workload-cluster.ts';
import { Definition } from '../cluster/definition.ts';
import { HelmRelease } from '../cluster/helm-release.ts';
import { Kubectl } from '../cluster/kubectl.ts';
import { PodWatch } from '../cluster/pod-watch.ts';
import { ScalingWatch } from '../cluster/scaling-watch.ts';
import { Report } from '../reading/report.ts';

/** The cluster under the tests, as the set-up of the project found or made it. */
export type Place = Omit<WorkloadCluster, 'stop'>;

export interface Suite {
  readonly place: Place;
  readonly kubectl: Kubectl;
  readonly release: HelmRelease;
  readonly definition: Definition;
  /** What the StageScalers say. */
  readonly watch: ScalingWatch;
  /** What becomes of the pods. */
  readonly pods: PodWatch;
  /** Names of pods that were killed on purpose. */
  readonly killed: Set<string>;
  readonly report: Report;
}

export const NAMESPACE = 'sluice-e2e';
const RELEASE = 'sluice';
const PROFILE = join(CHART, 'values-demo.yaml');
/** Calls in flight of one pod of the remote stage, 450 ms each: little load is much for it. */
const CONCURRENCY = 8;
/** Transactions that one pod of the remote stage settles per second. */
export const PER_REPLICA = CONCURRENCY / 0.45;
/**
 * Beyond the profile: two operators, so that one can be killed; a collector before Jaeger; and what makes the tests
 * short, and light enough for a machine with two cores.
 */
const SET = [
  'operator.replicas=2',
  'collector.enabled=true',
  `remote.concurrency=${CONCURRENCY}`,
  'stages.remote.scaler.maxReplicas=6',
  'stageDefaults.scaler.idleSeconds=30',
  'pipeline.logLevel=info',
];

/** The demo profile as release `sluice`, in a namespace that admits only what meets the restricted standard. */
export async function openSuite(place: Place): Promise<Suite> {
  const { kubeconfig } = place;
  const kubectl = new Kubectl({ command: place.kubectl, kubeconfig, namespace: NAMESPACE });
  const definition = new Definition(kubectl, RELEASE);
  await makeNamespace(kubectl);
  const release = new HelmRelease({
    command: place.helm,
    kubeconfig,
    namespace: NAMESPACE,
    name: RELEASE,
    values: [PROFILE, place.imageValues],
    set: [...SET, ...(await definition.prepare())],
  });
  return {
    place,
    kubectl,
    release,
    definition,
    watch: new ScalingWatch({ kubeconfig, namespace: NAMESPACE }),
    pods: new PodWatch({ kubeconfig, namespace: NAMESPACE }),
    killed: new Set(),
    report: new Report(join(ROOT, 'report', 'cluster')),
  };
}

/** Ends what is still there. */
export async function closeSuite({ watch, pods, release, definition }: Suite): Promise<void> {
  await Promise.all([watch.close(), pods.close()]);
  await release.uninstall();
  await definition.remove();
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
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  status: z.object({
    phase: z.string(),
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), lastTransitionTime: z.string() }))
      .default([]),
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
const ENDED = ['Succeeded', 'Failed'];

export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  readonly component: string;
  readonly ready: boolean;
  /** Unix ms; undefined: it is not ready. To the second. */
  readonly readyMs: number | undefined;
  /** From its scheduling until it was ready. */
  readonly startSeconds: number | undefined;
  readonly restarts: number;
  readonly phase: string;
  /** Why its container waits: CreateContainerConfigError and the like. */
  readonly waitsFor: string | undefined;
}

/** The pods of a release; those that have ended or are to end are left out. */
export async function podsOf(kubectl: Kubectl, component?: string): Promise<PodFacts[]> {
  const selector = component ? [`--selector=app.kubernetes.io/component=${component}`] : [];
  const { items } = await kubectl.json(podsSchema, 'get', 'pods', ...selector);
  return items
    .filter(({ metadata, status }) => !metadata.deletionTimestamp && !ENDED.includes(status.phase))
    .map(factsOf);
}

function factsOf({ metadata, status }: z.infer<typeof podSchema>): PodFacts {
  const { phase, conditions, containerStatuses } = status;
  const since = (type: string): number | undefined => {
    const found = conditions.find((one) => one.type === type && one.status === 'True');
    return found && Date.parse(found.lastTransitionTime);
  };
  const [scheduledMs, readyMs] = [since('PodScheduled'), since('Ready')];
  const started = scheduledMs !== undefined && readyMs !== undefined;
  return {
    name: metadata.name,
    uid: metadata.uid,
    component: metadata.labels['app.kubernetes.io/component'] ?? '',
    ready: containerStatuses.length > 0 && containerStatuses.every(({ ready }) => ready),
    readyMs,
    startSeconds: started ? (readyMs - scheduledMs) / 1_000 : undefined,
    restarts: containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    phase,
    waitsFor: containerStatuses[0]?.state['waiting']?.reason,
  };
}
