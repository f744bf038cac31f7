import type { TestProject } from 'vitest/node';
import { parseLocalConfig } from '../../services/local/config.ts';
import { createScreen } from '../../services/local/screen.ts';
import { openCluster } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the kubeconfig of the cluster that all files share. */
    KUBECONFIG: string;
    KUBECTL: string;
    /** Whether the cluster has no nodes of its own. */
    KUBE_WITHOUT_NODES: boolean;
  }
}

/** One cluster for all files of the project; each makes a namespace of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { cacheDir } = parseLocalConfig(process.env);
  const screen = createScreen(process.stdout);
  const cluster = await openCluster({ cacheDir, env: process.env, screen });
  screen.settle();
  project.provide('KUBECONFIG', cluster.kubeconfig);
  project.provide('KUBECTL', cluster.kubectl);
  project.provide('KUBE_WITHOUT_NODES', cluster.plane !== undefined);
  return () => cluster.stop();
}
