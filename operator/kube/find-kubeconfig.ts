import { KubeConfig } from '@kubernetes/client-node';
import { KubeError } from './kube-error.ts';
import { loadKubeConfig } from './load-config.ts';

export interface KubeconfigChoice {
  /** Path; undefined: as kubectl finds it. */
  readonly kubeconfig?: string | undefined;
  /** Undefined: its current context. */
  readonly context?: string | undefined;
}

/** The client library's answer where it has found nothing. */
const NOTHING_FOUND = new KubeConfig();
NOTHING_FOUND.loadFromClusterAndUser({ name: '', server: '', skipTLSVerify: false }, { name: '' });

/**
 * The kubeconfig that kubectl would use too; undefined: there is none.
 * @throws KubeError in words when it cannot be read or has no such context
 */
export function findKubeConfig({ kubeconfig, context }: KubeconfigChoice): KubeConfig | undefined {
  const config = read(kubeconfig);
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context))
      throw refusal(`The kubeconfig has no context ${context}; it has ${names.join(', ') || 'none'}.`);
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster())
    throw refusal('The kubeconfig has no current context: kubectl config use-context, or --context.');
  return config.getCurrentContext() === NOTHING_FOUND.getCurrentContext() ? undefined : config;
}

function read(kubeconfig: string | undefined): KubeConfig {
  try {
    return loadKubeConfig(kubeconfig);
  } catch (error) {
    const { message } = error as Error;
    throw refusal(`The kubeconfig cannot be read: ${message.split('\n')[0]}`);
  }
}

const refusal = (message: string): KubeError => new KubeError({ status: 0, message });
