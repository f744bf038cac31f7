import type { ManagedProcess } from '../../../services/local/supervisor/managed-process.ts';
import type { Access } from '../kubeconfig.ts';
import type { KeyPair } from '../pki.ts';
import { isOk } from './api-request.ts';
import { component } from './component.ts';
import type { Base } from './etcd.ts';

export interface ApiServerSettings {
  readonly port: number;
  readonly etcdPort: number;
  readonly serving: KeyPair;
  /** Private key for service account tokens. */
  readonly signingKey: string;
  /** Certificate of the authority that clients show certificates of. */
  readonly authority: string;
}

export type ApiServerOptions = Base & Omit<ApiServerSettings, 'authority'> & { readonly access: Access };

export const SERVICE_RANGE = '10.96.0.0/16';

/** What holds with nodes and without. */
export function apiServerFlags(settings: ApiServerSettings): string[] {
  const { port, etcdPort, serving, signingKey, authority } = settings;
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${serving.cert}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${authority}`,
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${signingKey}`,
    `--service-account-signing-key-file=${signingKey}`,
  ];
}

/** On loopback alone: what listens there cannot be an endpoint of a Service, so none is kept. */
export function apiServer(options: ApiServerOptions): ManagedProcess {
  const { access } = options;
  const args = [
    ...apiServerFlags({ ...options, authority: access.authority }),
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--authorization-mode=RBAC',
    // Asked to end, it closes open watches within 2 s; otherwise it waits for them up to a minute.
    '--shutdown-send-retry-after=true',
  ];
  const probe = () => isOk(access, '/readyz');
  return component({ ...options, name: 'kube-apiserver', args, probe, stopSignal: 'SIGTERM' });
}
