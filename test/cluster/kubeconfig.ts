import { readFile } from 'node:fs/promises';
import type { KeyPair } from './pki.ts';

export interface Access {
  /** URL of the API server. */
  readonly server: string;
  /** Path of the authority's certificate. */
  readonly authority: string;
  readonly client: KeyPair;
}

/** A kubeconfig that holds everything itself. It is JSON, which YAML includes. */
export async function kubeconfigText({ server, authority, client }: Access): Promise<string> {
  const [ca, cert, key] = await Promise.all(
    [authority, client.cert, client.key].map((path) => readFile(path, 'base64')),
  );
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sluice-test', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'admin', user: { 'client-certificate-data': cert, 'client-key-data': key } }],
    contexts: [{ name: 'sluice-test', context: { cluster: 'sluice-test', user: 'admin' } }],
    'current-context': 'sluice-test',
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
