import type { ScaleTarget } from '../loop/ports.ts';
import type { ReplicaReading } from '../scaling/types.ts';
import { TargetError } from '../targets/target-error.ts';
import type { KubeApi } from './kube-api.ts';
import type { Scale } from './scale-resource.ts';
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

/**
 * A Deployment or StatefulSet: read from the informer, written through its scale subresource. What was written counts
 * until the informer has heard of it: what is decided from anything older would be refused as a conflict.
 */
export function createWorkloadTarget(
  options: ScaleTargetOptions & { readonly workloads: SupervisedInformer<Workload | undefined> },
): ScaleTarget {
  const { api, name, key, path, workloads, writeWithinMs } = options;
  let seen: Workload | undefined;
  let written: Scale | undefined;
  const look = (): ReplicaReading => {
    const brokenMs = workloads.brokenMs();
    if (brokenMs > STALE_MS) {
      const seconds = Math.round(brokenMs / 1_000);
      throw new TargetError('unreachable', `${name}: nothing is known of it for ${seconds} s`);
    }
    const heard = workloads.get(key);
    if (!heard) throw new TargetError('missing', `${name} does not exist`);
    if (written && !isOlder(heard.resourceVersion, written.resourceVersion)) written = undefined;
    seen = written ? { ...heard, desired: written.desired, resourceVersion: written.resourceVersion } : heard;
    return seen;
  };
  return {
    read: async () => look(),
    scale: async (to) => {
      const { desired: from, resourceVersion } = seen ?? { ...look(), resourceVersion: '' };
      const write = { from, to, resourceVersion, fieldManager: FIELD_MANAGER, within: writeWithinMs };
      written = await writeScale(api, { ...write, path: `${await path()}/scale` });
    },
  };
}

/** Versions of one resource are numbers that rise; where they are not, whatever was heard counts. */
function isOlder(version: string, than: string): boolean {
  const numbers = /^\d+$/;
  return numbers.test(version) && numbers.test(than) && BigInt(version) < BigInt(than);
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
