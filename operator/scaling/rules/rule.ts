import type { Situation } from '../situation.ts';
import type { Reason } from '../types.ts';

/** What a rule has to say: how many replicas, why, and the arithmetic in words. */
export interface Ruling {
  readonly replicas: number;
  readonly reason: Reason;
  readonly message: string;
}

/** Undefined: this rule has nothing to say, the next one is asked. */
export type Rule = (situation: Situation) => Ruling | undefined;

/** Leaves the replicas as they are. */
export const hold = ({ replicas }: Situation, reason: Reason, message: string): Ruling => ({
  replicas: replicas.desired,
  reason,
  message,
});
