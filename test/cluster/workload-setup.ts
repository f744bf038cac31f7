import type { TestProject } from 'vitest/node';
import { parseLocalConfig } from '../../services/local/config.ts';
import { createScreen } from '../../services/local/screen.ts';
import type { WorkloadCluster } from './workload-cluster.ts';
import { openWorkloadCluster } from './workload-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster, with nodes, that all files share. */
    WORKLOAD_CLUSTER: Omit<WorkloadCluster, 'stop'>;
  }
}

/** One cluster on which pods run for all files of the project; each makes a namespace of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { cacheDir } = parseLocalConfig(process.env);
  const screen = createScreen(process.stdout);
  const cluster = await openWorkloadCluster({ cacheDir, env: process.env, screen });
  screen.settle();
  const { kind, kubeconfig, kubectl, helm, imageValues, image, nodeImage, reachable } = cluster;
  const facts = { kind, kubeconfig, kubectl, helm, imageValues, image, nodeImage, reachable };
  project.provide('WORKLOAD_CLUSTER', facts);
  return () => cluster.stop();
}
