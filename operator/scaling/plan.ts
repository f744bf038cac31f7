import type { ArrivalRate, Sample } from './arrivals.ts';
import { countOver } from './arrivals.ts';
import type { Ramp } from './ramp.ts';
import { SETTINGS } from './settings.ts';

/** Records per second to be provided for. */
export interface Plan {
  /** By the time replicas asked for now would work: what adds replicas. */
  readonly soon: number;
  /** Some time ahead: what they are sized for. */
  readonly ahead: number;
  readonly because: 'arrivals' | 'ramp' | 'upstream';
}

/** What a stage upstream will pass on. */
export interface Outflow {
  readonly soon: number;
  readonly ahead: number;
}

/**
 * From this stage's own topics: the arrival rate, and where it grows steadily, the rate to come, at most twice
 * the present one.
 */
export function ownPlan(arrival: ArrivalRate, ramp: Ramp | undefined, leadSeconds: number): Plan {
  const own = { soon: arrival.certainPerSecond, ahead: arrival.perSecond, because: 'arrivals' } as const;
  if (ramp === undefined) return own;
  const limit = SETTINGS.rampLimit * arrival.perSecond;
  const forecast = (seconds: number): number => Math.min(limit, ramp.perSecond + ramp.slope * seconds);
  const soon = forecast(leadSeconds);
  if (soon <= own.soon) return own;
  return { soon, ahead: Math.max(own.ahead, forecast(SETTINGS.rampHorizon)), because: 'ramp' };
}

/**
 * What upstream will pass on counts as soon as it is on its way there, and not only when it arrives here. While
 * `upstreamRestless`, bursts of less than 20 s in this stage's own topics are what a rebalance upstream has held back,
 * and count for nothing.
 *
 * Source: the target data rate that DS2 and Flink's autoscaler propagate through a job, here between Deployments.
 */
export function planFrom(
  own: Plan,
  outflow: Outflow | undefined,
  samples: readonly Sample[],
  upstreamRestless: boolean,
): Plan {
  if (outflow === undefined) return own;
  const count = upstreamRestless ? countOver(samples, SETTINGS.burstSeconds) : undefined;
  const lasting = count === undefined ? Number.POSITIVE_INFINITY : count.records / count.seconds;
  return {
    soon: Math.max(outflow.soon, Math.min(own.soon, lasting)),
    ahead: Math.max(outflow.ahead, Math.min(own.ahead, lasting)),
    because: outflow.soon > own.soon ? 'upstream' : own.because,
  };
}

/** Rate that a stage passes on: as much as is planned for it and its backlog, at most its capacity, times the gain. */
export function outflowOf(
  stages: readonly {
    readonly plan: Plan;
    readonly backlog: number;
    readonly capacity: number;
    readonly drainSeconds: number;
  }[],
  gain: number,
): Outflow {
  let [soon, ahead] = [0, 0];
  for (const { plan, backlog, capacity, drainSeconds } of stages) {
    const drain = backlog / drainSeconds;
    soon += Math.min(capacity, plan.soon + drain);
    ahead += Math.min(capacity, plan.ahead + drain);
  }
  return { soon: gain * soon, ahead: gain * ahead };
}
