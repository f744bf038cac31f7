import type { ManagedProcess } from '../../../services/local/supervisor/managed-process.ts';
import type { Access } from '../kubeconfig.ts';
import { isOk } from './api-request.ts';
import { component } from './component.ts';
import type { Base } from './etcd.ts';

export interface ControllerManagerSettings {
  readonly kubeconfig: string;
  readonly signingKey: string;
  /** Certificate of the authority of the API server's certificate. */
  readonly authority: string;
}

export type ControllerManagerOptions = Base &
  Omit<ControllerManagerSettings, 'authority'> & { readonly access: Access };

/** A pod is not admitted before its service account is there: with it, the controllers have begun to work. */
export const DEFAULT_SERVICE_ACCOUNT = '/api/v1/namespaces/default/serviceaccounts/default';

/** What holds with nodes and without. */
export function controllerManagerFlags(settings: ControllerManagerSettings): string[] {
  const { kubeconfig, signingKey, authority } = settings;
  return [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--allocate-node-cidrs=false',
    `--root-ca-file=${authority}`,
    `--service-account-private-key-file=${signingKey}`,
    // 20 requests a second, the default, would be the limit of a test with a thousand Deployments.
    '--kube-api-qps=300',
    '--kube-api-burst=600',
  ];
}

export function controllerManager(options: ControllerManagerOptions): ManagedProcess {
  const { access } = options;
  const args = controllerManagerFlags({ ...options, authority: access.authority });
  const probe = () => isOk(access, DEFAULT_SERVICE_ACCOUNT);
  return component({ ...options, name: 'kube-controller-manager', args, probe });
}
