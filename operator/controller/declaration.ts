import { z } from 'zod';
import type { ParseResult, TargetRef } from '../api/parse.ts';
import { parseStageScaler } from '../api/parse.ts';
import type { Condition, StageScalerStatus } from '../api/v1alpha1.ts';
import { CONDITION_TYPES } from '../api/v1alpha1.ts';

/** A StageScaler of the cluster, read as far as it can be. */
export interface Declaration {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly parsed: ParseResult;
  /** As it stands in the cluster. */
  readonly status: StageScalerStatus;
}

const metadataSchema = z.object({
  name: z.string().default(''),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  generation: z.number().default(0),
  creationTimestamp: z.string().default(''),
});

const conditionSchema = z.object({
  type: z.enum(CONDITION_TYPES),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: z.string(),
  observedGeneration: z.number().default(0),
});

const positive = z.number().positive();
const learnedSchema = z.object({
  capacityPerReplica: positive.optional(),
  coldStarts: z.array(positive).max(32).optional(),
  rebalanceSeconds: z.number().min(0).optional(),
});

/** Of the status what is taken up again; the rest is only written. */
const statusSchema = z.object({
  observedGeneration: z.number().optional(),
  currentReplicas: z.number().optional(),
  desiredReplicas: z.number().optional(),
  lastScaleTime: z.string().optional(),
  learned: learnedSchema.optional().catch(undefined),
  conditions: z.array(z.unknown()).default([]),
});

/** Never throws: what cannot be read is left out, or told by `parsed`. */
export function readDeclaration(object: {
  readonly metadata: unknown;
  readonly [field: string]: unknown;
}): Declaration {
  const metadata = metadataSchema.parse(object.metadata);
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation,
    createdAt: metadata.creationTimestamp,
    parsed: parseStageScaler(object, 'cluster'),
    status: readStatus(object['status']),
  };
}

/** The name under which targets are compared: `namespace Kind.group name`. Versions of an API share objects. */
export function targetKey(namespace: string, { apiVersion, kind, name }: TargetRef): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return `${namespace} ${kind}.${group} ${name}`;
}

function readStatus(raw: unknown): StageScalerStatus {
  const parsed = statusSchema.safeParse(raw ?? {});
  if (!parsed.success) return {};
  const { conditions, ...rest } = parsed.data;
  const known = conditions.flatMap((one): Condition[] => {
    const condition = conditionSchema.safeParse(one);
    return condition.success ? [condition.data] : [];
  });
  // Through JSON, where what is undefined is left out.
  return JSON.parse(JSON.stringify({ ...rest, conditions: known })) as StageScalerStatus;
}
