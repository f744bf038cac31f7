import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { KubeObject } from './kube-object.ts';

/** What is kept of a Deployment or StatefulSet. */
export interface Workload {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly desired: number;
  readonly ready: number;
  /** Hash of the pod template. */
  readonly revision: string;
  /** Whoever set spec.replicas last, as the API server names it; undefined: at its making, or not known. */
  readonly scaledBy: string | undefined;
}

const workloadSchema = z.object({
  metadata: z.object({
    uid: z.string().default(''),
    resourceVersion: z.string().default(''),
    managedFields: z
      .array(
        z.object({
          manager: z.string().default(''),
          time: z.string().default(''),
          subresource: z.string().optional(),
          fieldsV1: z.unknown(),
        }),
      )
      .default([]),
  }),
  spec: z.object({ replicas: z.number().default(1), template: z.unknown() }),
  status: z.object({ readyReplicas: z.number().default(0) }).default({ readyReplicas: 0 }),
});
type ManagedField = z.infer<typeof workloadSchema>['metadata']['managedFields'][number];

const ownsReplicas = z.object({ 'f:spec': z.object({ 'f:replicas': z.unknown() }) });

/** Undefined: it is no workload. */
export function keepWorkload(object: KubeObject): Workload | undefined {
  const parsed = workloadSchema.safeParse(object);
  if (!parsed.success) return undefined;
  const { metadata, spec, status } = parsed.data;
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    desired: spec.replicas,
    ready: status.readyReplicas,
    revision: createHash('sha256')
      .update(JSON.stringify(spec.template ?? null))
      .digest('hex')
      .slice(0, 12),
    scaledBy: lastManager(metadata.managedFields),
  };
}

function lastManager(fields: readonly ManagedField[]): string | undefined {
  const owners = fields.filter(
    ({ fieldsV1 }) => 'f:replicas' in (ownsReplicas.safeParse(fieldsV1).data?.['f:spec'] ?? {}),
  );
  return owners.toSorted((a, b) => a.time.localeCompare(b.time)).at(-1)?.manager;
}
