import type { TargetRef } from '../api/parse.ts';
import type { Declaration } from './declaration.ts';

/** An autoscaler of another kind. */
export interface OtherOwner {
  readonly kind: 'HorizontalPodAutoscaler' | 'ScaledObject';
  readonly name: string;
}

/** What one StageScaler is judged by: everything else that is known of the cluster. */
export interface World {
  readonly connections: ReadonlySet<string>;
  declaration(key: string): Declaration | undefined;
  /** All valid StageScalers on one target, oldest first. */
  claimants(targetKey: string): readonly Declaration[];
  otherOwner(targetKey: string): OtherOwner | undefined;
  /** Undefined: not known without asking. */
  targetExists(namespace: string, target: TargetRef): boolean | undefined;
}
