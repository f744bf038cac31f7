import { z } from 'zod';
import type { KubeApi } from './kube-api.ts';
import { hasStatus } from './kube-error.ts';

/** What stands in the Lease. */
export interface LeaseRecord {
  /** '' : nobody. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** RFC 3339 with microseconds. For people: expiry is never judged by it. */
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
}

export interface HeldLease {
  readonly record: LeaseRecord;
  /** Changes with every write. */
  readonly version: string;
}

/** One Lease, written only by whoever has seen its latest version. */
export interface LeaseLock {
  /** Undefined: there is none yet. */
  read(timeoutMs: number): Promise<HeldLease | undefined>;
  /** Rejects when somebody else has written since `version`. `version` undefined: it is made. */
  write(record: LeaseRecord, version: string | undefined, timeoutMs: number): Promise<HeldLease>;
}

const leaseSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .default({}),
});

export interface KubeLeaseOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
}

/** A Lease of coordination.k8s.io/v1. Its methods reject with KubeError. */
export function createLeaseLock({ api, namespace, name }: KubeLeaseOptions): LeaseLock {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${collection}/${name}`;
  return {
    read: async (timeoutMs) => {
      try {
        return heldLease(await api.request({ method: 'GET', path, timeoutMs, lane: 'lease' }));
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw error;
      }
    },
    write: async (record, version, timeoutMs) => {
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace, ...(version !== undefined && { resourceVersion: version }) },
        spec: {
          holderIdentity: record.holder,
          leaseDurationSeconds: record.durationSeconds,
          acquireTime: record.acquireTime,
          renewTime: record.renewTime,
          leaseTransitions: record.transitions,
        },
      };
      const made = version === undefined;
      const target = made
        ? ({ method: 'POST', path: collection } as const)
        : ({ method: 'PUT', path } as const);
      return heldLease(await api.request({ ...target, body, timeoutMs, lane: 'lease' }));
    },
  };
}

function heldLease(raw: unknown): HeldLease {
  const { metadata, spec } = leaseSchema.parse(raw);
  return {
    version: metadata.resourceVersion,
    record: {
      holder: spec.holderIdentity ?? '',
      durationSeconds: spec.leaseDurationSeconds ?? 0,
      acquireTime: spec.acquireTime ?? '',
      renewTime: spec.renewTime ?? '',
      transitions: spec.leaseTransitions ?? 0,
    },
  };
}
