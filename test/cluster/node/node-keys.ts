import { join } from 'node:path';
import type { Access } from '../kubeconfig.ts';
import { Authority, createSigningKey } from '../pki.ts';
import { CLUSTER_DOMAIN, NETWORK } from './network.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { NodeKeys } from './processes.ts';

const SERVICE = 'kubernetes.default.svc';
const API_NAMES = ['localhost', 'kubernetes', 'kubernetes.default', SERVICE, `${SERVICE}.${CLUSTER_DOMAIN}`];

/** How the node of this directory is reached, with all rights. */
export function nodeAccess({ pki }: NodeDirectory): Access {
  return {
    server: `https://${NETWORK.nodeIp}:${NETWORK.apiPort}`,
    authority: join(pki, 'kubernetes-ca.crt'),
    client: { cert: join(pki, 'admin.crt'), key: join(pki, 'admin.key') },
  };
}

/** Makes the keys of one cluster. */
export async function createNodeKeys({ pki }: NodeDirectory): Promise<NodeKeys> {
  const authority = await Authority.create(pki, 'kubernetes-ca');
  const altNames = [
    ...API_NAMES.map((name) => `DNS:${name}`),
    ...['127.0.0.1', NETWORK.apiServiceIp, NETWORK.nodeIp].map((address) => `IP:${address}`),
  ];
  const serving = await authority.issue({ name: 'api-server', subject: '/CN=kube-apiserver', altNames });
  const admin = await authority.issue({ name: 'admin', subject: '/O=system:masters/CN=admin' });
  const signingKey = join(pki, 'service-accounts.key');
  await createSigningKey(signingKey);
  return { authority: authority.pair.cert, serving, admin, signingKey };
}
