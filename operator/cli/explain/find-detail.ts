import { CliError } from '../cli-error.ts';
import type { ClusterChoice, Found } from './from-cluster.ts';
import { fetchDetail, NoOperatorError, UnknownScalerError } from './scaler-detail.ts';

export interface ExplainOptions extends Omit<ClusterChoice, 'statusPort'> {
  /** Ask this operator, and no other. */
  readonly operator?: string | undefined;
}

/** Of a pod of the operator: the default of its --status-port. */
const STATUS_PORT = 8071;

/**
 * What was last decided of a scaler. Asked for in this order: the operator that is named; the one on this machine
 * (local mode, or one that was started by hand); the one in the cluster of the kubeconfig. @throws CliError
 */
export async function findDetail(name: string, options: ExplainOptions, localUrl: string): Promise<Found> {
  const { operator, ...cluster } = options;
  if (operator !== undefined) return { detail: await fetchDetail(operator, name) };
  const isOfCluster = Object.values(cluster).some((value) => value !== undefined);
  const local = isOfCluster ? undefined : await askLocal(name, localUrl);
  if (local && 'detail' in local) return local;
  // Its client is large, and nobody else's.
  const { explainFromCluster } = await import('./from-cluster.ts');
  const found = await explainFromCluster(name, { ...cluster, statusPort: STATUS_PORT });
  if (found) return found;
  throw new CliError(
    `${local?.reason ?? ''}\nNor is there a kubeconfig, to ask an operator in a cluster. npm start runs one here.`.trim(),
  );
}

async function askLocal(name: string, url: string): Promise<Found | { readonly reason: string }> {
  try {
    return { detail: await fetchDetail(url, name) };
  } catch (error) {
    if (error instanceof NoOperatorError || error instanceof UnknownScalerError)
      return { reason: error.message };
    throw error;
  }
}
