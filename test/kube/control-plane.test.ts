import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ObjectName } from '../cluster/deployment.ts';
import { deployment, scale, whenReady } from '../cluster/deployment.ts';
import { PodReadier } from '../cluster/fake-node/pod-readier.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { until } from '../fixtures/until.ts';

const COLD_START_MS = 500;
const run = promisify(execFile);

let namespace: TestNamespace;
let at: ObjectName;
let apps: AppsV1Api;
let core: CoreV1Api;
let readier: PodReadier;
beforeAll(async () => {
  const config = new KubeConfig();
  config.loadFromFile(inject('KUBECONFIG'));
  apps = config.makeApiClient(AppsV1Api);
  core = config.makeApiClient(CoreV1Api);
  namespace = await createNamespace(config);
  at = { name: 'stage', namespace: namespace.name };
  readier = new PodReadier({ config, namespace: namespace.name, coldStartMs: COLD_START_MS });
  await apps.createNamespacedDeployment({ namespace: namespace.name, body: deployment(at.name, 2) });
});
afterAll(async () => {
  await readier.stop();
  await namespace.delete();
});

test('pods without a node stay pending', async () => {
  const { status } = await until('two replicas', async () => {
    const found = await apps.readNamespacedDeployment(at);
    return found.status?.replicas === 2 && found;
  });
  expect(status?.readyReplicas ?? 0).toBe(0);
  const { items } = await core.listNamespacedPod({ namespace: namespace.name });
  expect(items.map((pod) => pod.status?.phase)).toEqual(['Pending', 'Pending']);
});

test('with the fake node they get ready, after their cold start', async () => {
  await readier.start();
  const startedMs = performance.now();
  await whenReady(apps, at, 2);
  expect(performance.now() - startedMs).toBeGreaterThan(COLD_START_MS);
});

test('the ready replicas follow the scale subresource, up and down to none', async () => {
  for (const replicas of [5, 1, 0, 3]) {
    await scale(apps, at, replicas);
    await whenReady(apps, at, replicas);
    const { items } = await core.listNamespacedPod({ namespace: namespace.name });
    expect(items.filter((pod) => pod.metadata?.deletionTimestamp === undefined)).toHaveLength(replicas);
  }
});

test('kubectl sees the same', async () => {
  await scale(apps, at, 3);
  await whenReady(apps, at, 3);
  const args = ['--kubeconfig', inject('KUBECONFIG'), '--namespace', namespace.name];
  const { stdout } = await run(inject('KUBECTL'), [...args, 'get', 'deployments', '--no-headers']);
  expect(stdout).toMatch(/^stage\s+3\/3\s+3\s+3\s/);
});
