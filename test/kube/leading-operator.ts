import { inject } from 'vitest';
import { loadKubeConfig } from '../../operator/kube/load-config.ts';
import type { TestNamespace } from '../cluster/namespace.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { until } from '../fixtures/until.ts';
import { ClusterClient } from './cluster-client.ts';
import type { OperatorUnderTest } from './operator-rig.ts';
import { startOperator } from './operator-rig.ts';
import { ScriptedLag } from './scripted-lag.ts';

export interface LeadingOperator {
  readonly namespace: TestNamespace;
  readonly cluster: ClusterClient;
  readonly lag: ScriptedLag;
  readonly operator: OperatorUnderTest;
}

/** An operator that leads in a namespace of its own, on lag that the test scripts. */
export async function startLeading(): Promise<LeadingOperator> {
  const [kubeconfig, kubectl] = [inject('KUBECONFIG'), inject('KUBECTL')];
  const namespace = await createNamespace(loadKubeConfig(kubeconfig));
  const cluster = new ClusterClient({ kubeconfig, kubectl, namespace: namespace.name });
  await cluster.installCrd();
  const lag = new ScriptedLag();
  const operator = await startOperator({ kubeconfig, namespace: namespace.name, lag });
  await until('leadership', () => operator.isLeader());
  return { namespace, cluster, lag, operator };
}

/** Stops it, and removes its namespace. */
export async function stopLeading({
  namespace,
  cluster,
  operator,
}: Omit<LeadingOperator, 'lag'>): Promise<void> {
  await operator.stop();
  await cluster.close();
  await namespace.delete();
}
