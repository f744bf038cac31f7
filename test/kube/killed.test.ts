import type { IncomingMessage } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { createLogger } from '../../otel/logger.ts';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import { SupervisedInformer } from '../../operator/kube/supervised-informer.ts';
import { keepWorkload } from '../../operator/kube/workload.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { until } from '../fixtures/until.ts';
import { ApiProxy } from './api-proxy.ts';
import { ClusterClient } from './cluster-client.ts';
import { Replica } from './operator-replica.ts';

/** 200/s at 40/s and replica, of 12 partitions. */
const LOAD = { perSecond: 200, capacity: 40 };
const NEEDED = 6;

let proxy: ApiProxy;
let namespace: TestNamespace | undefined;
let cluster: ClusterClient;
const replicas: Replica[] = [];

beforeAll(async () => {
  const config = loadKubeConfig(inject('KUBECONFIG'));
  const { server, caData } = config.getCurrentCluster()!;
  const { certData, keyData } = config.getCurrentUser()!;
  const decode = (text = ''): Buffer => Buffer.from(text, 'base64');
  const as = { cert: decode(certData), key: decode(keyData) };
  proxy = new ApiProxy({ server, ca: decode(caData), as });
  await proxy.start();
});
afterEach(async () => {
  proxy.intercept = () => false;
  proxy.onAnswer = () => {};
  await Promise.all(replicas.splice(0).map((one) => one.end()));
  await cluster.close();
  await namespace?.delete();
});
afterAll(() => proxy.stop());

/** A stage with one replica that needs six. */
async function busyStage(): Promise<(name: string) => Replica> {
  const [given, kubectl] = [inject('KUBECONFIG'), inject('KUBECTL')];
  namespace = await createNamespace(loadKubeConfig(given));
  const { name: space } = namespace;
  cluster = new ClusterClient({ kubeconfig: given, kubectl, namespace: space });
  await cluster.installCrd();
  const directory = await temporaryDirectory();
  const [kubeconfig, loads] = [join(directory, 'kubeconfig'), join(directory, 'loads.json')];
  await writeFile(kubeconfig, proxy.kubeconfig(space), { mode: 0o600 });
  await writeFile(loads, JSON.stringify({ [`${space}/stage`]: LOAD }));
  await cluster.createDeployment('stage', 1);
  await cluster.createScaler('stage');
  return (name) => {
    const replica = new Replica({ name, kubeconfig, namespace: space, loads });
    replicas.push(replica);
    return replica;
  };
}

/** Every count that the Deployment is seen to have. */
async function watchCounts(): Promise<{ counts: number[]; stop: () => Promise<void> }> {
  const counts: number[] = [];
  const informer = new SupervisedInformer({
    api: cluster.api,
    path: `/apis/apps/v1/namespaces/${cluster.namespace}/deployments`,
    keep: keepWorkload,
    log: createLogger('test', { level: 'silent' }),
  });
  informer.onChange((_key, _before, now) => {
    if (now && now.desired !== counts.at(-1)) counts.push(now.desired);
  });
  informer.start();
  await informer.whenSynced();
  return { counts, stop: () => informer.stop() };
}

const STEPS: readonly (readonly [when: 'before' | 'after', method: string, path: RegExp])[] = [
  ['before', 'POST', /\/leases/],
  ['after', 'POST', /\/leases/],
  ['before', 'PATCH', /\/scale/],
  ['after', 'PATCH', /\/scale/],
  ['before', 'PATCH', /\/stagescalers\/stage\/status/],
  ['after', 'PATCH', /\/stagescalers\/stage\/status/],
  ['before', 'POST', /\/events/],
];

test.each(STEPS)(
  'killed just %s the API server does its %s of %s: the next one brings it to the same end',
  async (when, method, path) => {
    const start = await busyStage();
    const { counts, stop } = await watchCounts();
    const first = start('first');
    let killed = false;
    const kill = (request: IncomingMessage): boolean => {
      if (killed || request.method !== method || !path.test(request.url ?? '')) return false;
      killed = true;
      first.signal('SIGKILL');
      return true;
    };
    if (when === 'after') proxy.onAnswer = (request) => void kill(request);
    else
      proxy.intercept = (request, response) => {
        if (!kill(request)) return false;
        response.destroy();
        return true;
      };
    await until('its end', () => killed, 30_000);
    await first.ended();
    // What is told of the Lease, and how long it lasts, is for other tests.
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${cluster.namespace}/leases/sluice-operator`;
    await cluster.delete(lease).catch(() => {});
    start('second');
    await cluster.untilReplicas('stage', NEEDED, 30_000);
    await cluster.untilCondition('stage', 'Ready', 'Observed', 30_000);
    expect((await cluster.untilStatusSays('stage', NEEDED, 20_000)).desiredReplicas).toBe(NEEDED);
    await stop();
    expect(counts).toEqual([1, NEEDED]);
    expect((await cluster.events('stage')).map(({ reason }) => reason)).not.toContain('ScaledByOthers');
  },
  90_000,
);
