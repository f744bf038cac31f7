import type { ManagedProcess } from '../../../services/local/supervisor/managed-process.ts';
import type { Access } from '../kubeconfig.ts';
import type { KeyPair } from '../pki.ts';
import { isOk } from './api-request.ts';
import { component } from './component.ts';
import type { Base } from './etcd.ts';

export interface ApiServerOptions extends Base {
  readonly port: number;
  readonly etcdPort: number;
  readonly serving: KeyPair;
  /** Private key for service account tokens. */
  readonly signingKey: string;
  readonly access: Access;
}

/** On loopback alone: what listens there cannot be an endpoint of a Service, so none is kept. */
export function apiServer(options: ApiServerOptions): ManagedProcess {
  const { port, etcdPort, serving, signingKey, access } = options;
  const args = [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--tls-cert-file=${serving.cert}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${access.authority}`,
    '--authorization-mode=RBAC',
    // Asked to end, it closes open watches within 2 s; otherwise it waits for them up to a minute.
    '--shutdown-send-retry-after=true',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${signingKey}`,
    `--service-account-signing-key-file=${signingKey}`,
  ];
  const probe = () => isOk(access, '/readyz');
  return component({ ...options, name: 'kube-apiserver', args, probe, stopSignal: 'SIGTERM' });
}
