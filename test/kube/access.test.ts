import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { until } from '../fixtures/until.ts';
import { ApiProxy } from './api-proxy.ts';
import { ClusterClient } from './cluster-client.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import { startOperator } from './operator-rig.ts';
import { ScriptedLag } from './scripted-lag.ts';

/** The operator as a ServiceAccount that may do what operator/kube/rbac.yaml says, and nothing else. */
let namespace: TestNamespace;
let cluster: ClusterClient;
let lag: ScriptedLag;
let operator: OperatorUnderTest;
let proxy: ApiProxy;

beforeAll(async () => {
  const [kubeconfig, kubectl] = [inject('KUBECONFIG'), inject('KUBECTL')];
  namespace = await createNamespace(loadKubeConfig(kubeconfig));
  cluster = new ClusterClient({ kubeconfig, kubectl, namespace: namespace.name });
  await cluster.installCrd();
  const account = await accountKubeconfig(kubeconfig);
  lag = new ScriptedLag();
  operator = await startOperator({ kubeconfig: account, namespace: namespace.name, lag });
  await until('leadership', () => operator.isLeader());
});
afterAll(async () => {
  await operator.stop();
  proxy.stop();
  await cluster.close();
  await namespace.delete();
});

async function accountKubeconfig(admin: string): Promise<string> {
  const { name } = namespace;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${name}`;
  const accounts = `/api/v1/namespaces/${name}/serviceaccounts`;
  await cluster.api.request({ method: 'POST', path: accounts, body: { metadata: { name: 'operator' } } });
  const text = await readFile(join(import.meta.dirname, '../../operator/kube/rbac.yaml'), 'utf8');
  for (const document of parseAllDocuments(text)) {
    const role = document.toJS() as { metadata: { name: string } };
    await cluster.api.request({ method: 'POST', path: `${rbac}/roles`, body: role });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name };
    const subjects = [{ kind: 'ServiceAccount', name: 'operator', namespace: name }];
    const body = { metadata: { name: role.metadata.name }, roleRef, subjects };
    await cluster.api.request({ method: 'POST', path: `${rbac}/rolebindings`, body });
  }
  const path = `${accounts}/operator/token`;
  const { status } = (await cluster.api.request({ method: 'POST', path, body: { spec: {} } })) as {
    status: { token: string };
  };
  const { server, caData } = loadKubeConfig(admin).getCurrentCluster()!;
  proxy = new ApiProxy({ server, ca: Buffer.from(caData!, 'base64'), as: { token: status.token } });
  await proxy.start();
  const file = join(await temporaryDirectory(), 'kubeconfig');
  await writeFile(file, proxy.kubeconfig(name), { mode: 0o600 });
  return file;
}

/** Requests of the operator that were answered so. */
async function answered(status: number): Promise<number> {
  const text = await new Promise<string>((resolve) => {
    const response = { setHeader: () => {}, end: resolve };
    operator.metrics.handler({} as never, response as never);
  });
  const lines = text.split('\n').filter((line) => line.startsWith('sluice_operator_kube_requests_total'));
  const matching = lines.filter((line) => line.includes(`status="${status}"`));
  return matching.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test('its rights are enough, and it asks for no others', async () => {
  lag.set(`${namespace.name}/stage`, { perSecond: 200, capacity: 40 });
  await cluster.createDeployment('stage', 1);
  await cluster.createScaler('stage');
  await cluster.untilEvent('stage', 'ScaledUp');
  await cluster.untilCondition('stage', 'Ready', 'Observed');
  expect(await answered(200)).toBeGreaterThan(5);
  expect(await answered(403)).toBe(0);
});

test('it may not read Secrets, nor change a Deployment', async () => {
  const asked = async (verb: string, ...resource: readonly string[]): Promise<string> => {
    const as = `--as=system:serviceaccount:${namespace.name}:operator`;
    return cluster.kubectl('auth', 'can-i', verb, ...resource, as).then(
      (said) => said.trim(),
      (error: { stdout: string }) => error.stdout.trim(),
    );
  };
  expect(await asked('get', 'secrets')).toBe('no');
  expect(await asked('patch', 'deployments.apps')).toBe('no');
  expect(await asked('patch', 'stagescalers.sluice.dev')).toBe('no');
  expect(await asked('patch', 'deployments.apps', '--subresource=scale')).toBe('yes');
});

test('an API server that throttles it is left in peace; then it goes on', async () => {
  const replicas = await cluster.replicas('stage');
  proxy.cut();
  proxy.intercept = (_request, response) => {
    response.writeHead(429, { 'retry-after': '1', 'content-type': 'application/json' });
    response.end('{}');
    return true;
  };
  await until('the lead to be lost', () => !operator.isLeader(), 30_000);
  const before = await answered(429);
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  // Five watches, the Lease and what is written: each comes again after a second, not sooner.
  expect((await answered(429)) - before).toBeLessThan(100);
  expect(await answered(429)).toBeGreaterThan(5);
  expect(await cluster.replicas('stage')).toBe(replicas);
  proxy.intercept = () => false;
  await until('leadership', () => operator.isLeader(), 30_000);
  lag.set(`${namespace.name}/stage`, { perSecond: 4_000, capacity: 40 });
  await cluster.untilReplicas('stage', 12, 45_000);
}, 120_000);

test('a watch that is too old (410) is followed by a new list, which sees what it has missed', async () => {
  lag.set(`${namespace.name}/late`, { perSecond: 200, capacity: 40 });
  await cluster.createDeployment('late', 1);
  let refused = 0;
  proxy.intercept = (request, response) => {
    if (!request.url?.includes('watch=true') || refused >= 5) return false;
    refused++;
    response.writeHead(200, { 'content-type': 'application/json' });
    const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    return true;
  };
  proxy.cut();
  await cluster.createScaler('late');
  await cluster.untilEvent('late', 'ScaledUp', 30_000);
  expect(refused).toBe(5);
}, 60_000);

test('conflicts of the status are repeated until it is written', async () => {
  let conflicts = 0;
  proxy.intercept = (request, response) => {
    if (!request.url?.includes('/status') || conflicts >= 3) return false;
    conflicts++;
    response.writeHead(409, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ reason: 'Conflict', message: 'the object has been modified' }));
    return true;
  };
  await cluster.kubectl('annotate', 'ss', 'stage', 'sluice.dev/paused=true');
  await cluster.untilCondition('stage', 'ScalingActive', 'Paused');
  expect(conflicts).toBe(3);
}, 60_000);

test('a scaling that is answered late holds up neither ticks nor other scalings, and is sent once', async () => {
  lag.set(`${namespace.name}/brisk`, { perSecond: 10, capacity: 40 });
  await cluster.createDeployment('brisk', 1);
  await cluster.createScaler('brisk');
  await until('a capacity', async () => (await cluster.status('brisk')).capacityPerReplica);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let sent = 0;
  proxy.intercept = async ({ method, url = '' }) => {
    if (method === 'PATCH' && url.includes('/deployments/held/scale')) {
      sent++;
      await released;
    }
    return false;
  };
  lag.set(`${namespace.name}/held`, { perSecond: 200, capacity: 40 });
  await cluster.createDeployment('held', 1);
  await cluster.createScaler('held');
  await until('its scaling to be sent', () => sent > 0);
  const { reads } = lag;
  lag.set(`${namespace.name}/brisk`, { perSecond: 400, capacity: 40 });
  // Longer, and the operator would give up.
  await until('the other to be scaled', async () => (await cluster.replicas('brisk')) > 1, 4_000);
  await until('some ticks', () => lag.reads > reads + 3, 4_000);
  expect(await cluster.replicas('held')).toBe(1);
  release();
  await cluster.untilEvent('held', 'ScaledUp');
  expect(sent).toBe(1);
  expect((await cluster.events('held')).map(({ reason }) => reason)).not.toContain('ScaleFailed');
}, 60_000);
