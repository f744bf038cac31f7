import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createLeaseLock } from '../../operator/kube/lease-lock.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { until } from '../fixtures/until.ts';
import { ClusterClient } from './cluster-client.ts';
import { Replica } from './operator-replica.ts';

const TAKE_OVER_MS = 15_000;

let namespace: TestNamespace;
let cluster: ClusterClient;
let file: string;
const replicas: Replica[] = [];

beforeAll(async () => {
  const [kubeconfig, kubectl] = [inject('KUBECONFIG'), inject('KUBECTL')];
  namespace = await createNamespace(loadKubeConfig(kubeconfig));
  cluster = new ClusterClient({ kubeconfig, kubectl, namespace: namespace.name });
  await cluster.installCrd();
  file = join(await temporaryDirectory(), 'loads.json');
  await load(10);
  await cluster.createDeployment('stage', 1);
  await cluster.createScaler('stage');
});
afterAll(async () => {
  await Promise.all(replicas.map((one) => one.end()));
  await cluster.close();
  await namespace.delete();
});

const load = (perSecond: number): Promise<void> =>
  writeFile(file, JSON.stringify({ [`${namespace.name}/stage`]: { perSecond, capacity: 40 } }));

async function start(name: string): Promise<Replica> {
  const where = { kubeconfig: inject('KUBECONFIG'), namespace: namespace.name };
  const replica = new Replica({ name, loads: file, ...where });
  replicas.push(replica);
  await replica.ready();
  return replica;
}

async function holder(): Promise<string> {
  const lock = createLeaseLock({ api: cluster.api, namespace: namespace.name, name: 'sluice-operator' });
  return (await lock.read(5_000))?.record.holder.split('_')[0] ?? '';
}

/** ms until the Deployment, scaled to nothing by hand, has its minimum again. */
async function repaired(): Promise<number> {
  const began = performance.now();
  await cluster.kubectl('scale', 'deployment', 'stage', '--replicas=0');
  await cluster.untilReplicas('stage', 1, 60_000);
  return performance.now() - began;
}

let first: Replica;
let second: Replica;

test('of two replicas one leads and writes; both are ready and look', async () => {
  first = await start('first');
  await until('the first to lead', async () => (await holder()) === 'first');
  second = await start('second');
  expect(await repaired()).toBeLessThan(5_000);
  expect(await holder()).toBe('first');
  expect(await second.count(/^sluice_operator_leader/)).toBe(0);
  expect(await second.count(/^sluice_operator_kube_requests_total.*(PATCH|POST|PUT)/)).toBe(0);
  expect(await second.count(/^sluice_scaler_decisions_total/)).toBeGreaterThan(0);
});

test('a leader that stands still is followed within 15 s, and writes nothing when it goes on', async () => {
  const writes = /^sluice_operator_kube_requests_total.*(PATCH|POST|PUT)/;
  const before = await first.count(writes);
  first.signal('SIGSTOP');
  const tookMs = await repaired();
  expect(tookMs).toBeLessThan(TAKE_OVER_MS);
  expect(await holder()).toBe('second');
  // There is much to do when it goes on: for whoever leads.
  await load(400);
  first.signal('SIGCONT');
  await until('more replicas', async () => (await cluster.replicas('stage')) > 1);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  // A renewal of the Lease may have been under way; the API server has refused it.
  expect((await first.count(writes)) - before).toBeLessThanOrEqual(1);
  expect(await first.count(/^sluice_operator_leader/)).toBe(0);
  expect(await holder()).toBe('second');
  console.info(`leader stopped: followed after ${Math.round(tookMs)} ms`);
}, 90_000);

test('a leader that is killed is followed within 15 s', async () => {
  await load(10);
  second.signal('SIGKILL');
  await second.ended();
  const began = performance.now();
  await until('the first to lead', async () => (await holder()) === 'first', 30_000);
  const tookMs = performance.now() - began;
  expect(tookMs).toBeLessThan(TAKE_OVER_MS);
  console.info(`leader killed: followed after ${Math.round(tookMs)} ms`);
}, 60_000);

test('a leader that is told to end gives the Lease back, and is followed within 4 s', async () => {
  second = await start('third');
  first.signal('SIGTERM');
  const began = performance.now();
  await until('the other to lead', async () => (await holder()) === 'third', 30_000);
  const tookMs = performance.now() - began;
  expect(tookMs).toBeLessThan(4_000);
  expect(await first.ended()).toBe(0);
  expect((await second.live()).status).toBe(200);
  console.info(`leader told to end: followed after ${Math.round(tookMs)} ms`);
}, 60_000);
