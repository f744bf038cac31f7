import { findKubeConfig } from '../../kube/find-kubeconfig.ts';
import { KubeClient } from '../../kube/kube-api.ts';
import { hasStatus, KubeError } from '../../kube/kube-error.ts';
import { namespaceOf } from '../../kube/load-config.ts';
import { getFromPod } from '../../kube/port-forward.ts';
import { CliError } from '../cli-error.ts';
import { findLeader } from './find-leader.ts';
import { detailFromStatus } from './from-status.ts';
import type { ScalerDetail } from './scaler-detail.ts';
import { parseDetail } from './scaler-detail.ts';

export interface ClusterChoice {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Undefined: that of the name, else that of the context. */
  readonly namespace?: string | undefined;
  readonly operatorNamespace?: string | undefined;
  /** Where the operator serves GET /scalers in its pod. */
  readonly statusPort: number;
}

export interface Found {
  readonly detail: ScalerDetail;
  /** Where it comes from, where that is not the operator itself. */
  readonly note?: string;
}

type KubeConfig = NonNullable<ReturnType<typeof findKubeConfig>>;

const TIMEOUT_MS = 10_000;

/**
 * Asks the operator that leads, and reads the StageScaler's status where that cannot be done. Undefined: there is
 * no kubeconfig. @throws CliError
 */
export async function explainFromCluster(name: string, choice: ClusterChoice): Promise<Found | undefined> {
  try {
    const config = findKubeConfig(choice);
    return config && (await explainBy(config, name, choice));
  } catch (error) {
    if (error instanceof KubeError) throw new CliError(error.message);
    throw error;
  }
}

async function explainBy(config: KubeConfig, given: string, choice: ClusterChoice): Promise<Found> {
  const at = placeOf(given, choice.namespace ?? namespaceOf(config));
  const api = new KubeClient(config);
  try {
    const object = await readScaler(api, at);
    const asked = await askLeader({ config, api }, at, choice).catch((error: unknown) => {
      if (error instanceof KubeError || error instanceof CliError) return error;
      throw error;
    });
    if (asked && !(asked instanceof Error)) return { detail: asked };
    const { detail, time } = detailFromStatus(object);
    const why = asked ? ` The operator itself could not be asked: ${asked.message}.` : '';
    const when = time === undefined ? '' : `From its status, as of ${time}.`;
    return { detail, note: `${when}${why}`.trim() };
  } finally {
    await api.close();
  }
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

function placeOf(given: string, namespace: string): Place {
  const [first, second, ...rest] = given.split('/');
  if (rest.length > 0 || first === '' || second === '')
    throw new CliError(`"${given}" is no name of a StageScaler: say namespace/name, or the name.`);
  return second === undefined ? { namespace, name: given } : { namespace: first!, name: second };
}

async function readScaler(api: KubeClient, { namespace, name }: Place): Promise<unknown> {
  const collection = `/apis/sluice.dev/v1alpha1/namespaces/${namespace}/stagescalers`;
  try {
    return await api.request({ method: 'GET', path: `${collection}/${encodeURIComponent(name)}` });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    const { items } = (await api
      .request({ method: 'GET', path: collection })
      .catch(() => ({ items: undefined }))) as { items?: readonly { metadata: { name: string } }[] };
    if (!items) throw new CliError('This cluster knows no StageScalers: their CRD is not installed.');
    const names = items.map(({ metadata }) => metadata.name).join(', ') || 'none';
    throw new CliError(`There is no StageScaler "${name}" in the namespace ${namespace}; there: ${names}.`);
  }
}

interface Access {
  readonly config: KubeConfig;
  readonly api: KubeClient;
}

/** Undefined: the operator has nothing to say of it, since it refuses it or has not seen it yet. */
async function askLeader(
  { config, api }: Access,
  { namespace, name }: Place,
  { operatorNamespace, statusPort }: ClusterChoice,
): Promise<ScalerDetail | undefined> {
  const leader = await findLeader(api, { namespace, operatorNamespace });
  const path = `/scalers/${encodeURIComponent(`${namespace}/${name}`)}`;
  const { status, body } = await getFromPod(config, { ...leader, port: statusPort }, path, TIMEOUT_MS);
  if (status === 404) return undefined;
  return parseDetail(status, body, `pod ${leader.namespace}/${leader.pod}`);
}
