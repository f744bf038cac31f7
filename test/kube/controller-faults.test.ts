import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { writeScale } from '../../operator/kube/scale-resource.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { parseLocalConfig } from '../../services/local/config.ts';
import { darkScreen } from '../../services/local/screen.ts';
import type { ApiServerFaults } from '../cluster/api-server-faults.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { openCluster } from '../cluster/cluster.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { until } from '../fixtures/until.ts';
import { ClusterClient } from './cluster-client.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import { startOperator } from './operator-rig.ts';
import { ScriptedLag } from './scripted-lag.ts';

/** A control plane of its own: what happens to it here happens to no other test. */
describe.skipIf(!inject('KUBE_WITHOUT_NODES'))('the operator, when the API server', () => {
  let plane: TestCluster;
  let faults: ApiServerFaults;
  let cluster: ClusterClient;
  let lag: ScriptedLag;
  let operator: OperatorUnderTest;
  let key: string;
  beforeAll(async () => {
    const { cacheDir } = parseLocalConfig(process.env);
    plane = await openCluster({ cacheDir, env: process.env, screen: darkScreen });
    faults = plane.plane!.apiServer;
    const { kubeconfig, kubectl } = plane;
    const { name: namespace } = await createNamespace(loadKubeConfig(kubeconfig));
    cluster = new ClusterClient({ kubeconfig, kubectl, namespace });
    await cluster.installCrd();
    lag = new ScriptedLag();
    key = `${namespace}/stage`;
    operator = await startOperator({ kubeconfig, namespace, lag });
    await until('leadership', () => operator.isLeader());
    lag.set(key, { perSecond: 10, capacity: 40 });
    await cluster.createDeployment('stage', 1);
    await cluster.createScaler('stage');
    await cluster.untilCondition('stage', 'Ready', 'Observed');
  });
  afterAll(async () => {
    await operator.stop();
    await cluster.close();
    await plane.stop();
  });

  /** Whether it scales: down by hand, up again by the operator. */
  async function works(): Promise<void> {
    await cluster.patch(`${cluster.deployments('stage')}/scale`, { spec: { replicas: 0 } });
    await cluster.untilReplicas('stage', 1, 45_000);
    expect(operator.live()).toBe(true);
  }

  test('refuses a write that was decided from something else: it is left as it is', async () => {
    const path = `${cluster.deployments('stage')}/scale`;
    await cluster.createDeployment('other', 2);
    const other = `${cluster.deployments('other')}/scale`;
    const write = { path: other, from: 2, to: 5, fieldManager: 'test', within: () => 5_000 };
    // Any change of the object is a conflict; one that does not concern the replicas is no reason to give up.
    await cluster.patch(cluster.deployments('other'), { metadata: { labels: { changed: 'yes' } } });
    expect(await writeScale(cluster.api, { ...write, resourceVersion: '1' })).toMatchObject({ desired: 5 });
    await expect(writeScale(cluster.api, { ...write, to: 9, resourceVersion: '1' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('somebody has set replicas from 2 to 5 meanwhile'),
    });
    await expect(
      writeScale(cluster.api, { ...write, path, from: 1, within: () => 0, resourceVersion: '' }),
    ).rejects.toMatchObject({ message: expect.stringContaining('may lead') });
  });

  test('crashes: it goes on by itself', async () => {
    await faults.crash();
    await works();
    expect(operator.ready()).toBe(true);
  }, 120_000);

  test('is away for 20 s: it loses the lead, and goes on by itself', async () => {
    await faults.stop();
    await until('the lead to be lost', () => !operator.isLeader());
    await new Promise((resolve) => setTimeout(resolve, 13_000));
    expect(operator.live()).toBe(true);
    await faults.start();
    await until('leadership', () => operator.isLeader(), 30_000);
    await works();
  }, 120_000);

  test('says nothing for 30 s: no replica is removed by what was known before', async () => {
    lag.set(key, { perSecond: 400, capacity: 40 });
    await cluster.untilReplicas('stage', 12);
    faults.pause();
    // Nothing to do, and nobody to ask: what is decided now must not be done later.
    lag.set(key, { perSecond: 0, capacity: 40 });
    await until('the lead to be lost', () => !operator.isLeader(), 30_000);
    lag.set(key, 'BrokerUnreachable');
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(operator.live()).toBe(true);
    faults.resume();
    await until('leadership', () => operator.isLeader(), 45_000);
    await cluster.untilCondition('stage', 'LagKnown', 'BrokerUnreachable', 45_000);
    expect(await cluster.replicas('stage')).toBe(12);
    lag.set(key, { perSecond: 10, capacity: 40 });
    await works();
  }, 180_000);

  test('is gone when it starts: it waits, is not ready, and comes', async () => {
    await operator.stop();
    await faults.stop();
    const starting = startOperator({ kubeconfig: plane.kubeconfig, namespace: cluster.namespace, lag });
    const early = await Promise.race([
      starting.then(() => 'started'),
      new Promise((resolve) => setTimeout(resolve, 3_000, 'waiting')),
    ]);
    expect(early).toBe('waiting');
    await faults.start();
    operator = await starting;
    await works();
  }, 120_000);
});
