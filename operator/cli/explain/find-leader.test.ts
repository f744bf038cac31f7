import { expect, test } from 'vitest';
import type { KubeApi } from '../../kube/kube-api.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { findLeader } from './find-leader.ts';

const LEASES = '/apis/coordination.k8s.io/v1';
const leaseOf = (namespace: string, holderIdentity?: string | null) => ({
  metadata: { name: 'sluice-operator', namespace },
  spec: { holderIdentity },
});
const forbidden = new KubeError({ status: 403, message: 'forbidden' });

/** An API server that has these, by path, and nothing else. */
function apiWith(objects: Readonly<Record<string, unknown>>): KubeApi {
  return {
    request: async ({ path }) => {
      const found = objects[path];
      if (found instanceof Error) throw found;
      if (found === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: path });
      return found;
    },
    watch: () => expect.fail('nothing is watched'),
  };
}

const at = (namespace: string) => `${LEASES}/namespaces/${namespace}/leases/sluice-operator`;
const pod = (namespace: string, name: string) => ({ [`/api/v1/namespaces/${namespace}/pods/${name}`]: {} });

test.each([
  ['in the namespace of the scaler', { [at('shop')]: leaseOf('shop', 'op-1_0a1b2c3d') }, undefined],
  [
    'in the only namespace that has one',
    { [`${LEASES}/leases`]: { items: [leaseOf('ops', 'op-1_0a1b2c3d')] } },
    undefined,
  ],
  ['in the namespace that was named', { [at('ops')]: leaseOf('ops', 'op-1_0a1b2c3d') }, 'ops'],
] as const)('the operator is found %s', async (_, leases, operatorNamespace) => {
  const api = apiWith({ ...leases, ...pod('shop', 'op-1'), ...pod('ops', 'op-1') });
  const leader = await findLeader(api, { namespace: 'shop', operatorNamespace });
  expect(leader.pod).toBe('op-1');
});

test.each([
  ['nobody holds the Lease', { [at('shop')]: leaseOf('shop', '') }, 'no operator leads'],
  ['there is none', { [`${LEASES}/leases`]: { items: [] } }, 'there is no operator'],
  [
    'there are several',
    { [`${LEASES}/leases`]: { items: [leaseOf('a', 'x'), leaseOf('b', 'y')] } },
    'namespaces a, b: say which',
  ],
  ['it may not be looked for', { [`${LEASES}/leases`]: forbidden }, '--operator-namespace'],
  [
    'the one that leads runs elsewhere',
    { [at('shop')]: leaseOf('shop', 'laptop_0a1b2c3d') },
    'laptop, is no pod of the namespace shop',
  ],
])('where %s, that is told', async (_, objects, words) => {
  const looking = findLeader(apiWith(objects), { namespace: 'shop', operatorNamespace: undefined });
  await expect(looking).rejects.toThrow(words);
});
