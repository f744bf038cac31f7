import type { Condition, ConditionType } from '../api/v1alpha1.ts';
import { CONDITION_TYPES } from '../api/v1alpha1.ts';

/** What a condition should say, without the times. */
export interface ConditionState {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions after `before`: the transition time changes only with the status; one that nothing is said of
 * stays as it was. In the order of CONDITION_TYPES.
 * @param now RFC 3339
 */
export function nextConditions(
  before: readonly Condition[],
  states: readonly ConditionState[],
  { now, observedGeneration }: { readonly now: string; readonly observedGeneration: number },
): Condition[] {
  return CONDITION_TYPES.flatMap((type) => {
    const old = before.find((condition) => condition.type === type);
    const state = states.find((condition) => condition.type === type);
    if (!state) return old ? [old] : [];
    const lastTransitionTime = old?.status === state.status ? old.lastTransitionTime : now;
    return [{ ...state, lastTransitionTime, observedGeneration }];
  });
}
