import { randomBytes } from 'node:crypto';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoreV1Api } from '@kubernetes/client-node';
import { until } from '../fixtures/until.ts';

export interface TestNamespace {
  readonly name: string;
  /** Asks for its deletion, and that of all that is in it; does not wait for its end. */
  delete(): Promise<void>;
}

/** A namespace that no other test uses, in which pods can be created. */
export async function createNamespace(config: KubeConfig): Promise<TestNamespace> {
  const api = config.makeApiClient(CoreV1Api);
  const name = `sluice-test-${randomBytes(4).toString('hex')}`;
  await api.createNamespace({ body: { metadata: { name } } });
  await until(`the service account of ${name}`, () =>
    api.readNamespacedServiceAccount({ name: 'default', namespace: name }).then(
      () => true,
      () => false,
    ),
  );
  return { name, delete: async () => void (await api.deleteNamespace({ name })) };
}
