import type { LagRequest } from '../loop/ports.ts';
import type { ScalerSpec } from '../scaling/types.ts';
import type { Origin, ValidStageScaler } from './spec-schema.ts';
import { STAGE_SCALER_SCHEMAS } from './spec-schema.ts';
import { PAUSED_ANNOTATION } from './v1alpha1.ts';

/** What has a replica count. `kind: 'Http'` is a stage of a supervisor, by its name there. */
export interface TargetRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** A StageScaler as the operator works with it. */
export interface DeclaredScaler {
  readonly spec: ScalerSpec;
  readonly lag: LagRequest;
  readonly target: TargetRef;
  readonly dryRun: boolean;
  readonly paused: boolean;
}

export type ParseResult =
  | { readonly kind: 'valid'; readonly scaler: DeclaredScaler }
  /** One sentence per mistake, with the path of the field. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/**
 * Reads a StageScaler, from the API server or from a file, and fills in the defaults. Never throws: what makes no
 * sense is told.
 */
export function parseStageScaler(raw: unknown, origin: Origin): ParseResult {
  const result = STAGE_SCALER_SCHEMAS[origin].safeParse(raw);
  if (result.success) return { kind: 'valid', scaler: declared(result.data) };
  const problems = result.error.issues.map(({ path, message }) =>
    message.startsWith('spec.') || path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return { kind: 'invalid', problems };
}

/** The name by which scalers know each other: `namespace/name`, or the bare name outside of Kubernetes. */
export function scalerKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function declared({ metadata, spec }: ValidStageScaler): DeclaredScaler {
  const { objective, kafka, upstream, scaleTargetRef, dryRun, fallback, capacityHint, ...rest } = spec;
  const name = scalerKey(metadata.namespace, metadata.name);
  return {
    spec: {
      name,
      minReplicas: rest.minReplicas,
      maxReplicas: rest.maxReplicas,
      profile: rest.profile,
      idleSeconds: rest.idleSeconds,
      maxAgeSeconds: objective.maxAgeSeconds,
      upstream: upstream.map((other) => scalerKey(metadata.namespace, other)),
      fallback,
      capacityHint,
      offsetReset: kafka.offsetReset,
    },
    lag: {
      scaler: name,
      connection: kafka.connection,
      consumerGroup: kafka.consumerGroup,
      topics: kafka.topics,
    },
    target: scaleTargetRef,
    dryRun,
    paused: metadata.annotations?.[PAUSED_ANNOTATION] === 'true',
  };
}
