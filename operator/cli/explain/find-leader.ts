import { z } from 'zod';
import type { KubeApi } from '../../kube/kube-api.ts';
import { hasStatus } from '../../kube/kube-error.ts';
import { CliError } from '../cli-error.ts';

/** The pod of the operator that decides. */
export interface Leader {
  readonly namespace: string;
  readonly pod: string;
}

export interface WhereToLook {
  /** Of the StageScaler. */
  readonly namespace: string;
  /** Of the operator; undefined: that of the StageScaler, else wherever there is one. */
  readonly operatorNamespace: string | undefined;
}

const LEASE = 'sluice-operator';
const LEASES = '/apis/coordination.k8s.io/v1';

const leaseSchema = z.object({
  metadata: z.object({ namespace: z.string() }),
  spec: z.object({ holderIdentity: z.string().nullish() }).default({}),
});
const listSchema = z.object({ items: z.array(leaseSchema) });
type Lease = z.infer<typeof leaseSchema>;

/** Finds it by its Lease. @throws CliError, KubeError */
export async function findLeader(api: KubeApi, where: WhereToLook): Promise<Leader> {
  const lease = await findLease(api, where);
  const { namespace } = lease.metadata;
  const holder = lease.spec.holderIdentity ?? '';
  if (holder === '') throw new CliError(`no operator leads in the namespace ${namespace} at present`);
  // What the elector has added to the name of the pod.
  const pod = holder.replace(/_[0-9a-f]{8}$/, '');
  const path = `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}`;
  await api.request({ method: 'GET', path }).catch((error: unknown) => {
    if (!hasStatus(error, 404)) throw error;
    throw new CliError(
      `the operator that leads, ${pod}, is no pod of the namespace ${namespace}: ask it where it runs, by --operator URL`,
    );
  });
  return { namespace, pod };
}

async function findLease(api: KubeApi, { namespace, operatorNamespace }: WhereToLook): Promise<Lease> {
  const near = await readLease(api, operatorNamespace ?? namespace);
  if (near) return near;
  if (operatorNamespace !== undefined)
    throw new CliError(`there is no Lease ${LEASE} in the namespace ${operatorNamespace}`);
  const leases = await listLeases(api);
  if (leases.length === 1) return leases[0]!;
  const names = leases.map(({ metadata }) => metadata.namespace).join(', ');
  throw new CliError(
    names === ''
      ? `there is no operator: no Lease ${LEASE} in any namespace`
      : `there are operators in the namespaces ${names}: say which by --operator-namespace`,
  );
}

async function readLease(api: KubeApi, namespace: string): Promise<Lease | undefined> {
  const path = `${LEASES}/namespaces/${namespace}/leases/${LEASE}`;
  try {
    return leaseSchema.parse(await api.request({ method: 'GET', path }));
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

async function listLeases(api: KubeApi): Promise<Lease[]> {
  try {
    const query = { fieldSelector: `metadata.name=${LEASE}` };
    const found = await api.request({ method: 'GET', path: `${LEASES}/leases`, query });
    return listSchema.parse(found).items;
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    throw new CliError('you may not look for it in all namespaces: say where it is by --operator-namespace');
  }
}
