import type { Condition, ConditionType } from '../api/v1alpha1.ts';
import { FIELD_MANAGER } from '../kube/scale-target.ts';
import type { Outcome } from '../loop/ports.ts';

/** Something worth an Event. */
export interface Occurrence {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What was done. */
  readonly action: string;
  readonly note: string;
}

/** Which status is trouble; the others are told by Ready. */
const BAD: Partial<Record<ConditionType, Condition['status']>> = {
  Ready: 'False',
  ScalingLimited: 'True',
  Bottlenecked: 'True',
  HotPartition: 'True',
  PoisonedPartition: 'True',
};

/** What has changed from one status to the next, and must be told once. */
export function conditionOccurrences(
  before: readonly Condition[],
  after: readonly Condition[],
): Occurrence[] {
  return after.flatMap((condition): Occurrence[] => {
    const old = before.find(({ type }) => type === condition.type);
    if (old?.status === condition.status && old.reason === condition.reason) return [];
    const { type, status, reason, message } = condition;
    if (type === 'ScalingActive') return activity(old, condition);
    if (status === BAD[type]) return [{ type: 'Warning', reason, action: 'Judged', note: message }];
    // That all is well is news only where it was not.
    if (type === 'Ready' && status === 'True' && old?.status === 'False')
      return [{ type: 'Normal', reason: 'Ready', action: 'Judged', note: message }];
    return [];
  });
}

function activity(old: Condition | undefined, { reason, message }: Condition): Occurrence[] {
  const deliberate = (one: string | undefined): boolean => one === 'Paused' || one === 'DryRun';
  if (deliberate(reason)) return [{ type: 'Normal', reason, action: 'Paused', note: message }];
  if (deliberate(old?.reason))
    return [{ type: 'Normal', reason: 'Resumed', action: 'Resumed', note: message }];
  return [];
}

/** The scaling itself, with its arithmetic. */
export function scalingOccurrence({ decision, observation, result, error }: Outcome): Occurrence[] {
  const { desired } = observation.replicas;
  const change = `replicas ${desired} → ${decision.replicas}`;
  const why = `${decision.reason}: ${decision.message}`;
  if (result === 'scaled') {
    const reason = decision.replicas > desired ? 'ScaledUp' : 'ScaledDown';
    return [{ type: 'Normal', reason, action: 'Scaled', note: `${change}, ${why}` }];
  }
  if (result === 'failed')
    return [{ type: 'Warning', reason: 'ScaleFailed', action: 'Scale', note: `${change} failed: ${error}` }];
  return [];
}

/**
 * Somebody else has set the replicas: seen where they are neither what they were nor what we have set.
 * @param by who, as the API server names it
 */
export function manualOccurrence(
  before: Outcome | undefined,
  after: Outcome,
  by: string | undefined,
): Occurrence[] {
  // Under load our own change may be seen only ticks later.
  if (!before || by === FIELD_MANAGER) return [];
  const [was, is] = [before.observation.replicas.desired, after.observation.replicas.desired];
  const ours = before.result === 'scaled' || before.result === 'applying';
  if (is === was || (ours && is === before.decision.replicas)) return [];
  const { decision, result } = after;
  const then =
    result === 'applying'
      ? `the operator sets ${decision.replicas} (${decision.reason}); the annotation sluice.dev/paused: "true" would hold it`
      : result === 'held'
        ? `the operator goes on from there: ${decision.reason}, ${decision.message}`
        : `it is left as it is (${result})`;
  const who = by === undefined ? '' : ` by ${by}`;
  return [
    {
      type: 'Normal',
      reason: 'ScaledByOthers',
      action: 'Observed',
      note: `replicas ${was} → ${is}${who}; ${then}`,
    },
  ];
}
