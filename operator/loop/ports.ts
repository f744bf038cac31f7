import type {
  Decision,
  LagReading,
  ReplicaReading,
  ScalerObservation,
  ScalerSpec,
} from '../scaling/types.ts';

/** What one tick asks of Kafka for one scaler. */
export interface LagRequest {
  /** `ScalerSpec.name`. */
  readonly scaler: string;
  /** Name of a connection in the operator's configuration. */
  readonly connection: string;
  readonly consumerGroup: string;
  readonly topics: readonly string[];
}

/** Reads the lag of many consumer groups at once. */
export interface LagSource {
  /** One reading per request, whatever happens: what could not be read is Unknown. Never rejects. */
  read(requests: readonly LagRequest[]): Promise<ReadonlyMap<string, LagReading>>;
  close(): Promise<void>;
}

/** Something with a replica count: a Deployment, or a stage of a supervisor behind HTTP. */
export interface ScaleTarget {
  /** Cheap: called every tick. Rejects with TargetError when there is no such target. */
  read(): Promise<ReplicaReading>;
  /** Sets the replica count, and only that. */
  scale(replicas: number): Promise<void>;
}

/** A scaler that is to be decided in this tick. */
export interface ManagedScaler {
  readonly spec: ScalerSpec;
  readonly lag: LagRequest;
  readonly target: ScaleTarget;
  /** Decide and report, do not scale. */
  readonly mode: 'active' | 'paused' | 'dry-run';
}

/** Where the scalers come from: StageScalers in Kubernetes, or files. */
export interface ScalerSource {
  list(): readonly ManagedScaler[];
}

/** `applying`: the target is being told; whether it is `scaled` or has `failed` is known later. */
export type Result = 'held' | 'applying' | 'scaled' | 'failed' | 'paused' | 'dry-run' | 'not-leader';

/** What became of one decision. */
export interface Outcome {
  readonly scaler: ManagedScaler;
  readonly observation: ScalerObservation;
  readonly decision: Decision;
  readonly result: Result;
  /** When it failed: why, in words. */
  readonly error: string | undefined;
}

/** A scaler for which nothing was decided, because its replicas could not be read. */
export interface Unread {
  readonly scaler: ManagedScaler;
  readonly error: Error;
}

/** Who is told: status, events, metrics, the recording. */
export interface OutcomeSink {
  /** What one tick has decided. Scalers whose last change is still under way are not part of it. */
  accept(outcomes: readonly Outcome[], at: number, unread?: readonly Unread[]): void | Promise<void>;
  /** A change that was told as `applying` has ended. */
  settle?(outcome: Outcome): void | Promise<void>;
}
