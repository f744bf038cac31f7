import { AppsV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseLocalConfig } from '../../services/local/config.ts';
import { darkScreen } from '../../services/local/screen.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { openCluster } from '../cluster/cluster.ts';
import type { ApiServerFaults } from '../cluster/api-server-faults.ts';
import { deployment, scale, whenReady } from '../cluster/deployment.ts';
import { PodReadier } from '../cluster/fake-node/pod-readier.ts';

const at = { name: 'stage', namespace: 'default' };

/** A control plane of its own: what happens to it here happens to no other test. */
describe.skipIf(!inject('KUBE_WITHOUT_NODES'))('an API server that', () => {
  let cluster: TestCluster;
  let apiServer: ApiServerFaults;
  let apps: AppsV1Api;
  let readier: PodReadier;
  beforeAll(async () => {
    const { cacheDir } = parseLocalConfig(process.env);
    cluster = await openCluster({ cacheDir, env: process.env, screen: darkScreen });
    apiServer = cluster.plane!.apiServer;
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    apps = config.makeApiClient(AppsV1Api);
    readier = new PodReadier({ config, namespace: 'default' });
    await readier.start();
    await apps.createNamespacedDeployment({ namespace: 'default', body: deployment('stage', 1) });
    await whenReady(apps, at, 1);
  });
  afterAll(async () => {
    await readier.stop();
    await cluster.stop();
  });

  async function scaled(replicas: number): Promise<number | undefined> {
    await scale(apps, at, replicas);
    return (await whenReady(apps, at, replicas)).status?.readyReplicas;
  }

  test('is stopped refuses; started again, it knows what it knew', async () => {
    await apiServer.stop();
    await expect(apps.readNamespacedDeployment(at)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    await apiServer.start();
    expect(await scaled(2)).toBe(2);
  });

  test('crashes comes back by itself', async () => {
    await apiServer.crash();
    expect(await scaled(3)).toBe(3);
  });

  test('is paused keeps connections and is silent, then answers', async () => {
    apiServer.pause();
    const answer = apps.readNamespacedDeployment(at).then(() => 'answered');
    const silence = new Promise((resolve) => setTimeout(resolve, 3_000, 'silent'));
    await expect(Promise.race([answer, silence])).resolves.toBe('silent');
    apiServer.resume();
    await expect(answer).resolves.toBe('answered');
    expect(await scaled(1)).toBe(1);
  });
});
