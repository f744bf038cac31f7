import type { KubeConfig } from '@kubernetes/client-node';
import { KubeConfig as Config } from './client-node.ts';

/**
 * How the API server is reached: by the kubeconfig at `path`, or, without one, by `KUBECONFIG`, `~/.kube/config` or
 * the service account of the pod, in this order.
 */
export function loadKubeConfig(path?: string): KubeConfig {
  const config = new Config();
  if (path === undefined) config.loadFromDefault();
  else config.loadFromFile(path);
  return config;
}

/** The namespace of the service account, or the one that the kubeconfig is set to. */
export function namespaceOf(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}
