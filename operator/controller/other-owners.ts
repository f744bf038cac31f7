import { z } from 'zod';
import type { KubeObject } from '../kube/kube-object.ts';
import { targetKey } from './declaration.ts';
import type { OtherOwner } from './world.ts';

/** A target that another autoscaler has, by its targetKey. */
export interface OwnedTarget {
  readonly target: string;
  readonly owner: OtherOwner;
}

const schema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({
    scaleTargetRef: z.object({
      // As both kinds have it when nothing is said.
      apiVersion: z.string().default('apps/v1'),
      kind: z.string().default('Deployment'),
      name: z.string(),
    }),
  }),
});

export function keepHpa(object: KubeObject): OwnedTarget | undefined {
  return keep(object, 'HorizontalPodAutoscaler');
}

export function keepScaledObject(object: KubeObject): OwnedTarget | undefined {
  return keep(object, 'ScaledObject');
}

function keep(object: KubeObject, kind: OtherOwner['kind']): OwnedTarget | undefined {
  const parsed = schema.safeParse(object);
  if (!parsed.success) return undefined;
  const { metadata, spec } = parsed.data;
  return {
    target: targetKey(metadata.namespace, spec.scaleTargetRef),
    owner: { kind, name: metadata.name },
  };
}
