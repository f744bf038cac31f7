import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestNamespace } from '../cluster/namespace.ts';
import { until } from '../fixtures/until.ts';
import type { ClusterClient } from './cluster-client.ts';
import { startLeading, stopLeading } from './leading-operator.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import type { ScriptedLag } from './scripted-lag.ts';

let namespace: TestNamespace;
let cluster: ClusterClient;
let lag: ScriptedLag;
let operator: OperatorUnderTest;
beforeAll(async () => {
  ({ namespace, cluster, lag, operator } = await startLeading());
});
afterAll(() => stopLeading({ namespace, cluster, operator }));

/** Of a scaler, for the script. */
const key = (name: string): string => `${namespace.name}/${name}`;
const BUSY = { perSecond: 200, capacity: 40 };

async function stage(name: string, spec: object = {}, replicas = 1): Promise<void> {
  await cluster.createDeployment(name, replicas);
  await cluster.createScaler(name, spec);
}

/** Some ticks, in which whatever would happen happens. */
async function someTicks(): Promise<void> {
  const { reads } = lag;
  await until('some ticks', () => lag.reads > reads + 6);
}

describe('a stage that gets more than it can settle', () => {
  test('gets replicas, in one step, and is told why', async () => {
    lag.set(key('busy'), BUSY);
    await stage('busy');
    await until('replicas', async () => (await cluster.replicas('busy')) > 1);
    const replicas = await cluster.replicas('busy');
    expect(replicas * BUSY.capacity).toBeGreaterThan(BUSY.perSecond);
    const { note } = await cluster.untilEvent('busy', 'ScaledUp');
    expect(note).toMatch(new RegExp(`^replicas 1 → ${replicas}, LoadAboveCapacity: (19|20)\\d/s arrive`));
    await cluster.untilCondition('busy', 'Ready', 'Observed');
    expect(await cluster.untilStatusSays('busy', replicas)).toMatchObject({
      observedGeneration: 1,
      desiredReplicas: replicas,
      capacityPerReplica: expect.any(Number),
      lastScaleTime: expect.stringMatching(/^20\d\d-/),
    });
  });

  test('is shown by kubectl get, with its figures', async () => {
    const lines = (await cluster.kubectl('get', 'ss', 'busy')).trim().split('\n');
    expect(lines[0]?.split(/\s+/)).toEqual([
      'NAME',
      'REPLICAS',
      'DESIRED',
      'LAG',
      'AGE(S)',
      'IN/S',
      'CAP/S',
      'REASON',
      'AGE',
    ]);
    // What is not known is left empty, so columns are found by where they begin.
    const cell = (column: string): string => {
      const start = lines[0]!.indexOf(column);
      return lines[1]!.slice(start).split(/\s/)[0]!;
    };
    const { capacityPerReplica, reason } = await cluster.status('busy');
    const replicas = String(await cluster.replicas('busy'));
    expect(['NAME', 'REPLICAS', 'DESIRED', 'CAP/S', 'REASON'].map(cell)).toEqual([
      'busy',
      replicas,
      replicas,
      String(capacityPerReplica),
      reason,
    ]);
  });

  test('has its events shown by kubectl describe', async () => {
    expect(await cluster.kubectl('describe', 'stagescaler', 'busy')).toMatch(
      /Normal\s+ScaledUp .* sluice.dev\/operator\s+replicas 1 →/,
    );
  });

  test('has its replicas set by us, through the scale subresource only', async () => {
    const fields = await cluster.kubectl('get', 'deployment', 'busy', '-o', 'yaml', '--show-managed-fields');
    expect(fields).toMatch(/manager: sluice-operator\n\s+operation: Update\n\s+subresource: scale/);
    expect(fields.match(/manager: sluice-operator/g)).toHaveLength(1);
  });

  test('is a StatefulSet, where that is what is named', async () => {
    lag.set(key('stateful'), BUSY);
    const path = `/apis/apps/v1/namespaces/${namespace.name}/statefulsets`;
    const labels = { app: 'stateful' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'm', image: 'localhost/x:1' }] } };
    const spec = { replicas: 1, serviceName: 'none', selector: { matchLabels: labels }, template };
    const body = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'stateful' }, spec };
    await cluster.api.request({ method: 'POST', path, body });
    await cluster.createScaler('stateful', { scaleTargetRef: { kind: 'StatefulSet', name: 'stateful' } });
    expect((await cluster.untilEvent('stateful', 'ScaledUp')).note).toContain('replicas 1 →');
  });

  test('is any kind with a scale subresource, such as a ReplicaSet', async () => {
    lag.set(key('other-kind'), BUSY);
    const path = `/apis/apps/v1/namespaces/${namespace.name}/replicasets`;
    const labels = { app: 'other-kind' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'm', image: 'localhost/x:1' }] } };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template };
    const body = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'other-kind' }, spec };
    await cluster.api.request({ method: 'POST', path, body });
    await cluster.createScaler('other-kind', { scaleTargetRef: { kind: 'ReplicaSet', name: 'other-kind' } });
    expect((await cluster.untilEvent('other-kind', 'ScaledUp')).note).toContain('replicas 1 →');
  });
});

describe('the user decides', () => {
  test('to pause: nothing is scaled, everything is told; then it goes on', async () => {
    lag.set(key('paused'), BUSY);
    await cluster.createDeployment('paused', 1);
    await cluster.createScaler('paused', {}, { annotations: { 'sluice.dev/paused': 'true' } });
    await cluster.untilCondition('paused', 'ScalingActive', 'Paused');
    await until('a decision', async () => ((await cluster.status('paused')).desiredReplicas ?? 0) > 1);
    expect(await cluster.replicas('paused')).toBe(1);
    await cluster.untilEvent('paused', 'Paused');
    await cluster.kubectl('annotate', 'ss', 'paused', 'sluice.dev/paused-');
    await cluster.untilEvent('paused', 'ScaledUp');
    await cluster.untilEvent('paused', 'Resumed');
  });

  test('to try it first: a dry run decides and scales nothing', async () => {
    lag.set(key('dry'), BUSY);
    await stage('dry', { dryRun: true });
    await cluster.untilCondition('dry', 'ScalingActive', 'DryRun');
    await until('a decision', async () => ((await cluster.status('dry')).desiredReplicas ?? 0) > 1);
    await someTicks();
    expect(await cluster.replicas('dry')).toBe(1);
  });

  test('to scale by hand: it is told who did it, and what was done about it', async () => {
    lag.set(key('manual'), { perSecond: 10, capacity: 40 });
    await stage('manual', { minReplicas: 2 }, 2);
    await cluster.untilCondition('manual', 'Ready', 'Observed');
    await cluster.kubectl('scale', 'deployment', 'manual', '--replicas=5');
    const { note } = await cluster.untilEvent('manual', 'ScaledByOthers');
    expect(note).toMatch(/^replicas 2 → 5 by kubectl; the operator goes on from there: /);
    await cluster.kubectl('scale', 'deployment', 'manual', '--replicas=0');
    await cluster.untilReplicas('manual', 2);
    await until('the second event', async () =>
      (await cluster.events('manual')).find(({ note: told }) =>
        told.includes('the operator sets 2 (BelowMinimum)'),
      ),
    );
  });

  test('to scale by hand while it is paused: it is left as it is', async () => {
    await cluster.kubectl('annotate', 'ss', 'manual', 'sluice.dev/paused=true');
    await cluster.untilCondition('manual', 'ScalingActive', 'Paused');
    await cluster.kubectl('scale', 'deployment', 'manual', '--replicas=0');
    await until('the event', async () =>
      (await cluster.events('manual')).find(({ note }) => note.includes('it is left as it is (paused)')),
    );
    await someTicks();
    expect(await cluster.replicas('manual')).toBe(0);
  });

  test('to delete a StageScaler: its Deployment stays as it is', async () => {
    const replicas = await cluster.replicas('busy');
    lag.set(key('busy'), { perSecond: 0, capacity: 40 });
    await cluster.kubectl('delete', 'ss', 'busy');
    await someTicks();
    expect(await cluster.replicas('busy')).toBe(replicas);
    lag.set(key('busy'), { perSecond: 4_000, capacity: 40 });
    await someTicks();
    expect(await cluster.replicas('busy')).toBe(replicas);
  });
});

describe('without knowledge', () => {
  test('no replica is removed, and it is said what is missing', async () => {
    lag.set(key('blind'), { perSecond: 1, capacity: 40 });
    await stage('blind', {}, 6);
    await cluster.untilCondition('blind', 'Ready', 'Observed');
    for (const reason of ['BrokerUnreachable', 'TopicMissing', 'GroupMissing', 'Unauthorized'] as const) {
      lag.set(key('blind'), reason);
      await cluster.untilCondition('blind', 'LagKnown', reason);
      await cluster.untilEvent('blind', reason);
      expect(await cluster.replicas('blind')).toBe(6);
    }
    lag.set(key('blind'), { perSecond: 1, capacity: 40 });
    await cluster.untilEvent('blind', 'Ready');
  });

  test('fallback adds replicas, and removes none', async () => {
    lag.set(key('fallback'), 'BrokerUnreachable');
    lag.set(key('many'), 'BrokerUnreachable');
    const spec = { fallback: { replicas: 4, afterSeconds: 1 } };
    await stage('fallback', spec, 1);
    await stage('many', spec, 8);
    await cluster.untilReplicas('fallback', 4);
    await someTicks();
    expect(await cluster.replicas('many')).toBe(8);
  });
});

test('what is written to the API server is what has changed', async () => {
  lag.set(key('quiet'), { perSecond: 20, capacity: 40 });
  await stage('quiet');
  await cluster.untilCondition('quiet', 'Ready', 'Observed');
  await until('a capacity', async () => (await cluster.status('quiet')).capacityPerReplica);
  const versions = new Set<unknown>();
  const began = performance.now();
  while (performance.now() - began < 8_000) {
    const found = (await cluster.api.request({ method: 'GET', path: cluster.scalers('quiet') })) as {
      metadata: { resourceVersion: string };
    };
    versions.add(found.metadata.resourceVersion);
    await someTicks();
  }
  // At most one for figures within ten seconds, besides the one that was there.
  expect(versions.size).toBeLessThanOrEqual(2);
}, 30_000);
