import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import type { LeaseRecord } from '../../operator/kube/lease-lock.ts';
import { createLeaseLock } from '../../operator/kube/lease-lock.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { until } from '../fixtures/until.ts';
import { ClusterClient } from './cluster-client.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import { startOperator } from './operator-rig.ts';
import { ScriptedLag } from './scripted-lag.ts';

/** Where operators of this file may put their Lease: the one they watch, their own, that of their kubeconfig. */
let watched: TestNamespace;
let own: TestNamespace;
let current: TestNamespace;
let cluster: ClusterClient;
/** Its current context is in the namespace `current`. */
let kubeconfig: string;
const started: OperatorUnderTest[] = [];

beforeAll(async () => {
  const [given, kubectl] = [inject('KUBECONFIG'), inject('KUBECTL')];
  const config = loadKubeConfig(given);
  [watched, own, current] = await Promise.all([
    createNamespace(config),
    createNamespace(config),
    createNamespace(config),
  ]);
  const context = { ...config.getContextObject(config.getCurrentContext())!, namespace: current.name };
  config.contexts = [context];
  kubeconfig = join(await temporaryDirectory(), 'kubeconfig');
  await writeFile(kubeconfig, config.exportConfig(), { mode: 0o600 });
  cluster = new ClusterClient({ kubeconfig: given, kubectl, namespace: watched.name });
  await cluster.installCrd();
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.stop()));
  await cluster.close();
  await Promise.all([watched, own, current].map((namespace) => namespace.delete()));
});

async function start(
  identity: string,
  where: { namespace?: string; ownNamespace?: string },
): Promise<OperatorUnderTest> {
  const options = { kubeconfig, namespace: where.namespace, ownNamespace: where.ownNamespace };
  const operator = await startOperator({ ...options, identity, lag: new ScriptedLag() });
  started.push(operator);
  return operator;
}

async function stop(operator: OperatorUnderTest): Promise<void> {
  started.splice(started.indexOf(operator), 1);
  await operator.stop();
}

async function lease({ name }: TestNamespace): Promise<LeaseRecord | undefined> {
  const lock = createLeaseLock({ api: cluster.api, namespace: name, name: 'sluice-operator' });
  return (await lock.read(5_000))?.record;
}

const holders = (): Promise<(string | undefined)[]> =>
  Promise.all([watched, own, current].map(async (each) => (await lease(each))?.holder.split('_')[0]));

test('started by hand for a namespace, it leads by a Lease there, and one at the most does', async () => {
  const first = await start('first', { namespace: watched.name });
  await until('leadership', () => first.isLeader());
  expect(await holders()).toEqual(['first', undefined, undefined]);
  const second = await start('second', { namespace: watched.name });
  // Twice as long as it takes to ask for the Lease.
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  expect([first.isLeader(), second.isLeader()]).toEqual([true, false]);
  await stop(first);
  await until('the second to lead', () => second.isLeader());
  expect(await holders()).toEqual(['second', undefined, undefined]);
  await stop(second);
});

test('in a pod, its Lease is in the namespace of the pod, whatever it watches', async () => {
  const operator = await start('pod', { namespace: watched.name, ownNamespace: own.name });
  await until('leadership', () => operator.isLeader());
  expect(await holders()).toEqual(['', 'pod', undefined]);
  await stop(operator);
});

test('where no namespace is named, watch and Lease are in that of the kubeconfig', async () => {
  const operator = await start('plain', {});
  await until('leadership', () => operator.isLeader());
  expect((await holders())[2]).toBe('plain');
  await stop(operator);
});
