import type { ScaleTarget } from '../loop/ports.ts';
import type { ReplicaReading } from '../scaling/types.ts';
import { TargetError } from '../targets/target-error.ts';
import type { KubeApi } from './kube-api.ts';
import { readScale, writeScale } from './scale-resource.ts';
import type { SupervisedInformer } from './supervised-informer.ts';
import type { Workload } from './workload.ts';

export const FIELD_MANAGER = 'sluice-operator';

export interface ScaleTargetOptions {
  readonly api: KubeApi;
  /** For messages: `Deployment sluice-remote`. */
  readonly name: string;
  /** `namespace/name`. */
  readonly key: string;
  /** Of the object, without `/scale`. Rejects with TargetError when its kind is not known. */
  readonly path: () => Promise<string>;
  /** ms that a write may take; 0: we may not write. */
  readonly writeWithinMs: () => number;
}

/** What has not been heard of for longer is not known. */
const STALE_MS = 60_000;
const CACHE_MS = 4_000;

/** A Deployment or StatefulSet: read from the informer, written through its scale subresource. */
export function createWorkloadTarget(
  options: ScaleTargetOptions & { readonly workloads: SupervisedInformer<Workload | undefined> },
): ScaleTarget {
  const { api, name, key, path, workloads, writeWithinMs } = options;
  let seen: Workload | undefined;
  const look = (): ReplicaReading => {
    const brokenMs = workloads.brokenMs();
    if (brokenMs > STALE_MS) {
      const seconds = Math.round(brokenMs / 1_000);
      throw new TargetError('unreachable', `${name}: nothing is known of it for ${seconds} s`);
    }
    seen = workloads.get(key);
    if (!seen) throw new TargetError('missing', `${name} does not exist`);
    return seen;
  };
  return {
    read: async () => look(),
    scale: async (to) => {
      const { desired: from, resourceVersion } = seen ?? { ...look(), resourceVersion: '' };
      const write = { from, to, resourceVersion, fieldManager: FIELD_MANAGER, within: writeWithinMs };
      await writeScale(api, { ...write, path: `${await path()}/scale` });
    },
  };
}

/** Any other kind with a scale subresource: read by GET, at most every few seconds. Of pods it tells how many exist. */
export function createScaleTarget({ api, path, writeWithinMs }: ScaleTargetOptions): ScaleTarget {
  let cached: { readonly scale: Awaited<ReturnType<typeof readScale>>; readonly at: number } | undefined;
  const read = async () => {
    if (!cached || performance.now() - cached.at > CACHE_MS)
      cached = { scale: await readScale(api, `${await path()}/scale`), at: performance.now() };
    return cached.scale;
  };
  return {
    read: async () => {
      const { desired, existing } = await read();
      return { desired, ready: Math.min(desired, existing), revision: '' };
    },
    scale: async (to) => {
      const { desired: from, resourceVersion } = await read();
      cached = undefined;
      const write = { from, to, resourceVersion, fieldManager: FIELD_MANAGER, within: writeWithinMs };
      await writeScale(api, { ...write, path: `${await path()}/scale` });
    },
  };
}
