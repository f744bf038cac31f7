import { expect, test } from 'vitest';
import { finishJob, startJob } from '../cluster/job.ts';
import { tellMemory } from './memory.ts';
import type { Suite } from './suite.ts';
import { podsOf } from './suite.ts';

const KINDS =
  'deployments,statefulsets,jobs,cronjobs,pods,services,configmaps,secrets,serviceaccounts,roles,rolebindings,' +
  'networkpolicies,poddisruptionbudgets,persistentvolumeclaims,leases,stagescalers';
/** Every namespace has these. */
const OF_KUBERNETES = ['configmap/kube-root-ca.crt', 'serviceaccount/default'];
/** As the notes of the chart say. */
const LEFT = [
  'lease.coordination.k8s.io/sluice-operator',
  'persistentvolumeclaim/data-sluice-kafka-0',
  'persistentvolumeclaim/data-sluice-postgres-0',
  'persistentvolumeclaim/sluice-remote-simulator',
  'pod/sluice-test',
  'secret/sluice-postgres',
];

/** What is true after all of it. */
export function describeEnd(suite: () => Suite): void {
  test('verify finds nothing lost, nothing doubled and nothing out of order', async () => {
    const { kubectl, report } = suite();
    await tellMemory(suite(), 'memory-after.txt');
    await startJob(kubectl, 'audit', 'sluice-verify');
    const { succeeded, log } = await finishJob(kubectl, 'audit', 240);
    report.tell('verify.txt', log);
    expect(succeeded).toBe(true);
    expect(log).toMatch(/All \d+ rules hold/);
  });

  test('no container was started anew but those that were killed, and none has run out of memory', () => {
    const { pods, killed } = suite();
    const restarts = [...pods.restarts].filter(([pod, times]) => times > (killed.has(pod) ? 1 : 0));
    expect(restarts).toEqual([]);
    expect(pods.outOfMemory).toEqual([]);
  });

  test('every pod is ready', async () => {
    const unready = (await podsOf(suite().kubectl)).filter(({ ready }) => !ready);
    expect(unready.map(({ name }) => name)).toEqual([]);
  });

  test('helm uninstall leaves what is kept, and nothing else', async () => {
    const { kubectl, release, definition, report } = suite();
    report.tell('uninstall.txt', await release.uninstall());
    const left = async (): Promise<string[]> => {
      const names = (await kubectl.run(['get', KINDS, '--output=name'])).split('\n').filter(Boolean);
      return names.filter((name) => !OF_KUBERNETES.includes(name)).sort();
    };
    await expect.poll(left, { timeout: 60_000, interval: 1_000 }).toEqual(LEFT);
    expect(await definition.owner()).toBeDefined();
  });
}
