import type { Outcome, Unread } from '../loop/ports.ts';
import type { UnknownReason } from '../scaling/types.ts';
import type { ConditionState } from '../kube/conditions.ts';
import { TargetError } from '../targets/target-error.ts';
import type { Admission, Refusal } from './admission.ts';

/** What the last tick says of a scaler. */
export interface Standing {
  readonly result: Outcome | Unread;
  /** Ticks for which its lag has not been known, this one included. */
  readonly unknownTicks: number;
}

/** What cannot be read once may be readable 2 s later; so long nothing is said of it. */
const PATIENCE_TICKS = 3;
const PATIENCE: Partial<Record<UnknownReason, number>> = {
  // These are mistakes, not hiccups.
  TopicMissing: 1,
  Unauthorized: 1,
  // Replicas that have just come up need some time to join.
  GroupMissing: 15,
};

/** The conditions of a StageScaler; of those that are left out nothing new is known. */
export function conditionsOf(admission: Admission, standing: Standing | undefined): ConditionState[] {
  if (admission.kind === 'refused') return refused(admission.refusal);
  if (!standing) return [];
  const { result } = standing;
  return 'decision' in result
    ? decided(result, standing.unknownTicks, admission.complaint)
    : unreadable(result);
}

function refused({ reason, message }: Refusal): ConditionState[] {
  const able = reason !== 'TargetNotFound' && !reason.startsWith('TargetOwnedBy');
  return [
    no('Ready', reason, message),
    ...(able ? [] : [no('AbleToScale', reason, message)]),
    no('ScalingActive', 'Refused', 'the target is left as it is'),
  ];
}

function unreadable({ error }: Unread): ConditionState[] {
  const missing = error instanceof TargetError && error.code === 'missing';
  const reason = missing ? 'TargetNotFound' : 'TargetUnreadable';
  return [
    no('Ready', reason, error.message),
    no('AbleToScale', reason, error.message),
    no('ScalingActive', reason, 'nothing is decided while the replicas are not known'),
  ];
}

function decided(outcome: Outcome, unknownTicks: number, complaint: Refusal | undefined): ConditionState[] {
  const { observation, result, error = '' } = outcome;
  const lag = observation.lag;
  const unknown = lag.kind === 'unknown' ? lag : undefined;
  const patient = unknown && unknownTicks < (PATIENCE[unknown.reason] ?? PATIENCE_TICKS);
  const failed = result === 'failed';
  const states: ConditionState[] = [
    failed
      ? no('AbleToScale', 'ScaleFailed', error)
      : yes('AbleToScale', 'TargetFound', 'the replicas of the target can be read and set'),
    ...verdictsOf(outcome).filter(({ type }) => !(patient && type === 'LagKnown')),
  ];
  if (patient) return states;
  return [readiness(), activity(), ...states];

  function readiness(): ConditionState {
    if (complaint) return no('Ready', complaint.reason, complaint.message);
    if (unknown) return no('Ready', unknown.reason, unknown.message);
    if (failed) return no('Ready', 'ScaleFailed', error);
    return yes('Ready', 'Observed', 'it makes sense, its target is there and its lag is known');
  }

  function activity(): ConditionState {
    if (result === 'paused')
      return no('ScalingActive', 'Paused', 'paused by annotation: it is observed, nothing is scaled');
    if (result === 'dry-run')
      return no('ScalingActive', 'DryRun', 'spec.dryRun: decisions are made and told, nothing is scaled');
    if (unknown && outcome.decision.reason !== 'Fallback')
      return no('ScalingActive', 'LagUnknown', 'no replica is removed while the lag is not known');
    return yes('ScalingActive', 'Scaling', 'the target is scaled');
  }
}

function verdictsOf({ decision, scaler }: Outcome): ConditionState[] {
  const states = decision.conditions.map(({ type, status, reason, message }): ConditionState => ({
    type,
    status: status ? 'True' : 'False',
    reason,
    message,
  }));
  const limited = states.find(({ type }) => type === 'ScalingLimited');
  if (limited?.status === 'True') return states;
  return [
    ...states.filter((state) => state !== limited),
    limitOf(decision.measured.partitions, scaler.spec.maxReplicas, limited),
  ];
}

/** Replicas without a partition would only take part in rebalances. */
function limitOf(partitions: number, maxReplicas: number, otherwise?: ConditionState): ConditionState {
  if (partitions > 0 && maxReplicas > partitions)
    return yes(
      'ScalingLimited',
      'MaxReplicasAbovePartitions',
      `maxReplicas is ${maxReplicas}, but there are ${partitions} partitions: ${partitions} replicas are used at the most`,
    );
  return otherwise ?? no('ScalingLimited', 'WithinBounds', 'no bound has changed the decision');
}

function yes(type: ConditionState['type'], reason: string, message: string): ConditionState {
  return { type, status: 'True', reason, message };
}

function no(type: ConditionState['type'], reason: string, message: string): ConditionState {
  return { type, status: 'False', reason, message };
}
