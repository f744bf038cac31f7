import type { Alternative, Measured, ScalerSpec, Verdict } from '../scaling/types.ts';
import type { Standing } from './board.ts';

/** One scaler as `GET /scalers` shows it. What is absent is not known. */
export interface ScalerView {
  readonly name: string;
  readonly mode: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly objectiveSeconds: number;
  readonly desired?: number;
  readonly ready?: number;
  readonly decided?: number;
  readonly lagKnown: boolean;
  readonly measured: Partial<Measured>;
  readonly reason: string;
  readonly message: string;
  /** applying, scaled, held, paused, dry-run, failed, not-leader, unread. */
  readonly result: string;
  readonly error?: string;
}

/** With what `explain` needs besides: `GET /scalers/:name`. */
export interface ScalerDetail extends ScalerView {
  readonly spec: ScalerSpec;
  readonly alternatives: readonly Alternative[];
  readonly conditions: readonly Verdict[];
  readonly groupState?: string;
  readonly members?: number;
}

export function viewOf(standing: Standing): ScalerView {
  const { scaler } = standing;
  const { spec, lag, mode } = scaler;
  const base = {
    name: spec.name,
    mode,
    group: lag.consumerGroup,
    topics: lag.topics,
    objectiveSeconds: spec.maxAgeSeconds,
  };
  if (!('decision' in standing)) {
    const { message } = standing.error;
    return { ...base, lagKnown: false, measured: {}, reason: 'TargetUnreadable', message, result: 'unread' };
  }
  const { decision, observation, result, error } = standing;
  return {
    ...base,
    desired: observation.replicas.desired,
    ready: observation.replicas.ready,
    decided: decision.replicas,
    lagKnown: observation.lag.kind === 'known',
    measured: decision.measured,
    reason: decision.reason,
    message: decision.message,
    result,
    ...(error === undefined ? {} : { error }),
  };
}

export function detailOf(standing: Standing): ScalerDetail {
  const view = viewOf(standing);
  const { spec } = standing.scaler;
  if (!('decision' in standing)) return { ...view, spec, alternatives: [], conditions: [] };
  const { decision, observation } = standing;
  const { lag } = observation;
  return {
    ...view,
    spec,
    alternatives: decision.alternatives,
    conditions: decision.conditions,
    ...(lag.kind === 'known' ? { groupState: lag.group.state, members: lag.group.members.length } : {}),
  };
}
