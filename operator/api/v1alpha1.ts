import type { Learned } from '../scaling/state.ts';
import type { Measured } from '../scaling/types.ts';

/**
 * StageScaler, `sluice.dev/v1alpha1`: a stage, that is a consumer group and the Deployment whose pods are its
 * members, and the longest time that an event may wait for it. crd.yaml is what the API server knows of it.
 */
export const GROUP = 'sluice.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'StageScaler';
export const PLURAL = 'stagescalers';

/** With the value "true": observe and report, scale nothing. */
export const PAUSED_ANNOTATION = `${GROUP}/paused`;

export const CONDITION_TYPES = [
  /** The StageScaler makes sense, its target is there and its lag is known. */
  'Ready',
  /** Replicas can be set on the target. */
  'AbleToScale',
  /** The operator scales it: not paused, not a dry run, not refused. */
  'ScalingActive',
  /** The decision would be another one without a limit. */
  'ScalingLimited',
  'LagKnown',
  /** More replicas do not settle more. */
  'Bottlenecked',
  'HotPartition',
  'PoisonedPartition',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase, stable. */
  readonly reason: string;
  readonly message: string;
  /** Since when the status has been what it is, RFC 3339. */
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

export interface LastDecision {
  /** RFC 3339. */
  readonly time: string;
  readonly replicas: number;
  readonly message: string;
  readonly inputs: Partial<Measured>;
  readonly alternatives: readonly {
    readonly replicas: number;
    readonly verdict: string;
    readonly why: string;
  }[];
}

/** What is absent is not known. */
export interface StageScalerStatus {
  readonly observedGeneration?: number;
  readonly currentReplicas?: number;
  readonly readyReplicas?: number;
  readonly desiredReplicas?: number;
  readonly lagRecords?: number;
  readonly ageSeconds?: number;
  readonly arrivalPerSecond?: number;
  readonly plannedPerSecond?: number;
  readonly capacityPerReplica?: number;
  readonly utilization?: number;
  readonly reason?: string;
  /** RFC 3339. */
  readonly lastScaleTime?: string;
  readonly lastDecision?: LastDecision;
  /** What the next start of the operator takes up. */
  readonly learned?: Learned;
  readonly conditions?: readonly Condition[];
}
