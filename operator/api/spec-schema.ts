import { z } from 'zod';

const DAY_SECONDS = 86_400;
const MAX_REPLICAS = 10_000;

/** Length as the API server counts it: in characters, not in UTF-16 units. */
const text = (maxLength: number) =>
  z.string().refine((value) => value !== '' && Array.from(value).length <= maxLength, {
    error: `must have 1 to ${maxLength} characters`,
  });

const objectName = text(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
const apiVersion = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?v[0-9][a-z0-9]*$/);
const kind = z
  .string()
  .max(63)
  .regex(/^[A-Z][A-Za-z0-9]*$/);
const connection = text(63).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const seconds = z.int().min(1).max(DAY_SECONDS);
const replicas = z.int().min(0).max(MAX_REPLICAS);

const unique = (values: readonly string[]): boolean => new Set(values).size === values.length;
const NOT_UNIQUE = { error: 'must name each only once' };

/** Where a StageScaler comes from: the API server, which has dropped unknown fields, or a file, where they are typos. */
export type Origin = 'cluster' | 'file';

/** As the API server does it: null means that nothing is said, except where something must be. */
const defaulted = <Schema extends z.ZodType>(schema: Schema, value: z.input<Schema>) =>
  z.preprocess((given) => given ?? value, schema);

const mayBeAbsent = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((given) => given ?? undefined, schema.optional());

/** What crd.yaml says of `spec`, with the same defaults, bounds and messages. */
function specSchema(origin: Origin) {
  const object = origin === 'file' ? z.strictObject : z.object;
  const scaleTargetRef = object({
    apiVersion: defaulted(apiVersion, 'apps/v1'),
    kind: defaulted(kind, 'Deployment'),
    name: objectName,
  }).refine(({ kind }) => origin === 'file' || kind !== 'Http', {
    error:
      'kind Http is for local mode: name a Deployment, a StatefulSet or another kind with a scale subresource',
  });
  const kafka = object({
    connection: defaulted(connection, 'default'),
    consumerGroup: text(249),
    topics: z
      .array(text(249).regex(/^[a-zA-Z0-9._-]+$/))
      .min(1)
      .max(32)
      .refine(unique, NOT_UNIQUE),
    offsetReset: defaulted(z.enum(['earliest', 'latest']), 'latest'),
  });
  const objective = object({
    maxAgeSeconds: z
      .int()
      .max(DAY_SECONDS)
      .refine((value) => value > 0, {
        error: 'spec.objective.maxAgeSeconds must be above 0: it is how long an event may wait',
      }),
  });
  return object({
    scaleTargetRef,
    kafka,
    objective,
    minReplicas: defaulted(replicas, 1),
    maxReplicas: z.int().min(1).max(MAX_REPLICAS),
    upstream: defaulted(z.array(objectName).max(16).refine(unique, NOT_UNIQUE), []),
    profile: defaulted(z.enum(['cost', 'balanced', 'stable']), 'balanced'),
    idleSeconds: defaulted(seconds, 300),
    fallback: mayBeAbsent(object({ replicas, afterSeconds: defaulted(seconds, 60) })),
    capacityHint: mayBeAbsent(z.number().positive().max(1e9)),
    dryRun: defaulted(z.boolean(), false),
  })
    .refine(({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas, {
      error: 'spec.minReplicas must not be above spec.maxReplicas',
    })
    .refine(({ fallback, maxReplicas }) => !fallback || fallback.replicas <= maxReplicas, {
      error: 'spec.fallback.replicas must not be above spec.maxReplicas',
    });
}

function stageScalerSchema(origin: Origin) {
  const metadata = z.object({
    name: objectName,
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  });
  return z
    .object({ metadata, spec: specSchema(origin) })
    .refine(({ metadata, spec }) => !spec.upstream.includes(metadata.name), {
      error: 'spec.upstream must not name this StageScaler itself',
    });
}

export const STAGE_SCALER_SCHEMAS = {
  cluster: stageScalerSchema('cluster'),
  file: stageScalerSchema('file').and(
    z.object({ apiVersion: z.literal('sluice.dev/v1alpha1'), kind: z.literal('StageScaler') }),
  ),
} as const;
export type ValidStageScaler = z.infer<(typeof STAGE_SCALER_SCHEMAS)['cluster']>;
