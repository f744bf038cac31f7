import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestNamespace } from '../cluster/namespace.ts';
import { until } from '../fixtures/until.ts';
import type { ClusterClient } from './cluster-client.ts';
import { startLeading, stopLeading } from './leading-operator.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import { startOperator } from './operator-rig.ts';
import type { ScriptedLag } from './scripted-lag.ts';

let namespace: TestNamespace;
let cluster: ClusterClient;
let lag: ScriptedLag;
let operator: OperatorUnderTest;
beforeAll(async () => {
  ({ namespace, cluster, lag, operator } = await startLeading());
});
afterAll(() => stopLeading({ namespace, cluster, operator }));

const key = (name: string): string => `${namespace.name}/${name}`;

/** A stage that would be scaled at once if it were not refused. */
async function busyStage(name: string, spec: object = {}): Promise<void> {
  lag.set(key(name), { perSecond: 200, capacity: 40 });
  await cluster.createDeployment(name, 1);
  await cluster.createScaler(name, spec);
}

async function isRefused(name: string, reason: string): Promise<string> {
  const { message, status } = await cluster.untilCondition(name, 'Ready', reason);
  expect(status).toBe('False');
  expect(await cluster.condition(name, 'ScalingActive')).toMatchObject({
    status: 'False',
    reason: 'Refused',
  });
  expect(await cluster.untilEvent(name, reason)).toMatchObject({ type: 'Warning', note: message });
  return message;
}

/** Some ticks, in which whatever would happen happens. */
async function someTicks(): Promise<void> {
  const { tick } = { tick: operator.operator.loop.lastTickAt() };
  await until('some ticks', () => operator.operator.loop.lastTickAt() > tick + 2_500);
}

test('a target that an HPA scales; without the HPA it is taken on', async () => {
  const path = `/apis/autoscaling/v2/namespaces/${namespace.name}/horizontalpodautoscalers`;
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'hpa' };
  const body = { metadata: { name: 'theirs' }, spec: { scaleTargetRef, maxReplicas: 3 } };
  await cluster.api.request({ method: 'POST', path, body });
  await until('the HPA to be seen', async () => {
    await someTicks();
    return true;
  });
  await busyStage('hpa');
  expect(await isRefused('hpa', 'TargetOwnedByHorizontalPodAutoscaler')).toContain(
    'HorizontalPodAutoscaler theirs',
  );
  await someTicks();
  expect(await cluster.replicas('hpa')).toBe(1);
  await cluster.delete(`${path}/theirs`);
  await cluster.untilEvent('hpa', 'ScaledUp');
  await cluster.untilEvent('hpa', 'Ready');
});

test('a target that a ScaledObject scales, where the cluster knows such', async () => {
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const names = { kind: 'ScaledObject', plural: 'scaledobjects', singular: 'scaledobject' };
  const versions = [{ name: 'v1alpha1', served: true, storage: true, schema }];
  const spec = { group: 'keda.sh', scope: 'Namespaced', names, versions };
  const crd = { metadata: { name: 'scaledobjects.keda.sh' }, spec };
  await cluster.api.request({ method: 'POST', path: crds, body: crd });
  try {
    const path = `/apis/keda.sh/v1alpha1/namespaces/${namespace.name}/scaledobjects`;
    const body = {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'theirs' },
      spec: { scaleTargetRef: { name: 'keda' }, triggers: [] },
    };
    await until('the kind', () =>
      cluster.api.request({ method: 'POST', path, body }).then(
        () => true,
        () => false,
      ),
    );
    // An operator that starts now knows the kind; one that runs looks for it once a minute.
    await operator.stop();
    operator = await startOperator({ kubeconfig: inject('KUBECONFIG'), namespace: namespace.name, lag });
    await busyStage('keda');
    expect(await isRefused('keda', 'TargetOwnedByScaledObject')).toContain('ScaledObject theirs');
    expect(await cluster.replicas('keda')).toBe(1);
  } finally {
    await cluster.delete(`${crds}/scaledobjects.keda.sh`);
  }
});

test('the younger of two on one target, until the older is gone', async () => {
  await busyStage('older');
  await cluster.untilEvent('older', 'ScaledUp');
  // Their ages are told apart by the second.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  lag.set(key('younger'), { perSecond: 4_000, capacity: 40 });
  await cluster.createScaler('younger', { scaleTargetRef: { name: 'older' } });
  expect(await isRefused('younger', 'TargetOwnedByStageScaler')).toContain('the older StageScaler older');
  expect(await cluster.condition('older', 'Ready')).toMatchObject({ status: 'True' });
  await cluster.kubectl('delete', 'ss', 'older');
  await cluster.untilReplicas('older', 12);
});

test('a Deployment that is not there, until it is', async () => {
  lag.set(key('missing'), { perSecond: 200, capacity: 40 });
  await cluster.createScaler('missing');
  expect(await isRefused('missing', 'TargetNotFound')).toContain('there is no Deployment missing');
  await cluster.createDeployment('missing', 1);
  await cluster.untilEvent('missing', 'ScaledUp');
});

test('a Deployment that is deleted and made anew: it is missed, then it goes on from what it finds', async () => {
  lag.set(key('gone'), { perSecond: 10, capacity: 40 });
  await cluster.createDeployment('gone', 1);
  await cluster.createScaler('gone');
  await cluster.untilCondition('gone', 'Ready', 'Observed');
  await cluster.delete(cluster.deployments('gone'));
  expect(await isRefused('gone', 'TargetNotFound')).toContain('there is no Deployment gone');
  lag.set(key('gone'), { perSecond: 400, capacity: 40 });
  await cluster.createDeployment('gone', 2);
  expect((await cluster.untilEvent('gone', 'ScaledUp')).note).toContain('replicas 2 → 12');
  await cluster.untilCondition('gone', 'Ready', 'Observed');
});

test('an HPA that comes later: what it scales is left to it', async () => {
  lag.set(key('taken'), { perSecond: 10, capacity: 40 });
  await cluster.createDeployment('taken', 2);
  await cluster.createScaler('taken', { minReplicas: 2 });
  await cluster.untilCondition('taken', 'Ready', 'Observed');
  const path = `/apis/autoscaling/v2/namespaces/${namespace.name}/horizontalpodautoscalers`;
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'taken' };
  const body = { metadata: { name: 'later' }, spec: { scaleTargetRef, maxReplicas: 3 } };
  await cluster.api.request({ method: 'POST', path, body });
  await isRefused('taken', 'TargetOwnedByHorizontalPodAutoscaler');
  lag.set(key('taken'), { perSecond: 400, capacity: 40 });
  await someTicks();
  expect(await cluster.replicas('taken')).toBe(2);
  await cluster.delete(`${path}/later`);
  await cluster.untilReplicas('taken', 12);
});

test('a kind that cannot be scaled', async () => {
  await cluster.createScaler('unscalable', {
    scaleTargetRef: { apiVersion: 'v1', kind: 'ConfigMap', name: 'unscalable' },
  });
  const { message } = await cluster.untilCondition('unscalable', 'AbleToScale', 'TargetNotFound');
  expect(message).toBe('ConfigMap in v1 has no scale subresource');
});

test('a connection that the operator does not have', async () => {
  await busyStage('connection', { kafka: { consumerGroup: 'g', topics: ['t'], connection: 'other' } });
  expect(await isRefused('connection', 'UnknownConnection')).toContain(
    "the operator's configuration has: default",
  );
});

test('upstream in a circle is not followed; its own lag is', async () => {
  await busyStage('circle-a', { upstream: ['circle-b'] });
  await busyStage('circle-b', { upstream: ['circle-a'] });
  for (const name of ['circle-a', 'circle-b']) {
    const { message } = await cluster.untilCondition(name, 'Ready', 'UpstreamCyclic');
    expect(message).toContain('goes in a circle');
    await cluster.untilEvent(name, 'UpstreamCyclic');
    await cluster.untilEvent(name, 'ScaledUp');
  }
  await cluster.patch(cluster.scalers('circle-b'), { spec: { upstream: [] } });
  await cluster.untilCondition('circle-a', 'Ready', 'Observed');
});

test('upstream that does not exist is not followed', async () => {
  await busyStage('orphan', { upstream: ['nobody'] });
  const { message } = await cluster.untilCondition('orphan', 'Ready', 'UpstreamNotFound');
  expect(message).toContain('names nobody, which there is not');
  await cluster.untilEvent('orphan', 'ScaledUp');
});

test('more replicas than partitions are not used, and it is told', async () => {
  lag.set(key('capped'), { perSecond: 10, capacity: 40, partitions: 4 });
  await cluster.createDeployment('capped', 1);
  await cluster.createScaler('capped', { maxReplicas: 24 });
  await cluster.untilCondition('capped', 'ScalingLimited', 'MaxReplicasAbovePartitions');
  await cluster.untilEvent('capped', 'MaxReplicasAbovePartitions');
  lag.set(key('capped'), { perSecond: 4_000, capacity: 40, partitions: 4 });
  await cluster.untilReplicas('capped', 4);
  await cluster.untilCondition('capped', 'ScalingLimited', 'TooFewPartitions');
  await someTicks();
  expect(await cluster.replicas('capped')).toBe(4);
});
