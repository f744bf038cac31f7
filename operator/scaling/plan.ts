import { type ArrivalRate, CERTAIN_DEVIATIONS, countOver, type Sample } from './arrivals.ts';
import { NO_SURGE, type Surge } from './need.ts';
import type { Ramp } from './ramp.ts';
import { SETTINGS } from './settings.ts';

/** Records per second to be provided for. */
export interface Plan {
  /** By the time replicas asked for now would work: what adds replicas. */
  readonly soon: number;
  /** What replicas ordered now are sized for. */
  readonly sizing: number;
  /** Some time ahead: what replicas that stay must do for. */
  readonly ahead: number;
  /** Share (0 to 1) of what a full window would tell of the load that is not known yet. */
  readonly open: number;
  /** What waits upstream, and comes in addition. */
  readonly surge: Surge;
  readonly because: 'arrivals' | 'ramp' | 'upstream';
}

/** What the stages upstream will pass on. */
export type Outflow = Pick<Plan, 'soon' | 'sizing' | 'ahead' | 'surge'>;

/**
 * From this stage's own topics: the arrival rate, and where it grows steadily, the rate to come, at most twice
 * the present one.
 *
 * A rate that was read over a short window is uncertain, and for some seconds only. A level too few costs one more
 * rebalance; a level too many costs that too, and the replicas until it has been seen that they are not needed. So
 * the lower level is ordered unless it is more than some 80 % likely to be too low: 0.9 deviations below the mean.
 *
 * Source: the critical fractile of the newsvendor model, cost of too many / (too many + too few).
 */
export function ownPlan(arrival: ArrivalRate, ramp: Ramp | undefined, leadSeconds: number): Plan {
  const { perSecond, certainPerSecond, seconds } = arrival;
  const open = Math.max(0, 1 - seconds / SETTINGS.arrivalWindows[0]);
  const deviation = (perSecond - certainPerSecond) / CERTAIN_DEVIATIONS;
  const own: Plan = {
    soon: certainPerSecond,
    sizing: perSecond - open * SETTINGS.openDeviations * deviation,
    ahead: perSecond,
    open,
    surge: NO_SURGE,
    because: 'arrivals',
  };
  if (ramp === undefined) return own;
  const limit = SETTINGS.rampLimit * arrival.perSecond;
  const forecast = (seconds: number): number => Math.min(limit, ramp.perSecond + ramp.slope * seconds);
  const soon = forecast(leadSeconds);
  if (soon <= own.soon) return own;
  const ahead = Math.max(own.ahead, forecast(SETTINGS.rampHorizon));
  return { ...own, soon, sizing: ahead, ahead, open: 0, because: 'ramp' };
}

/**
 * What upstream will pass on counts as soon as it is on its way there, and not only when it arrives here. While
 * `upstreamRestless`, what comes here counts for nothing beyond that as long as it is no more than upstream can send,
 * and bursts of less than 20 s do not count either: it is what was held back there.
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
  const explained = upstreamRestless && own.soon <= outflow.surge.perSecond;
  const lasting = explained
    ? 0
    : count === undefined
      ? Number.POSITIVE_INFINITY
      : count.records / count.seconds;
  return {
    soon: Math.max(outflow.soon, Math.min(own.soon, lasting)),
    sizing: Math.max(outflow.sizing, Math.min(own.sizing, lasting)),
    ahead: Math.max(outflow.ahead, Math.min(own.ahead, lasting)),
    open: own.open,
    surge: outflow.surge,
    because: outflow.soon > own.soon ? 'upstream' : own.because,
  };
}

/** A stage upstream, as far as it matters for what it passes on. */
export interface Source {
  readonly plan: Plan;
  readonly backlog: number;
  /** Records per second of the replicas it has or is getting. */
  readonly capacity: number;
}

/**
 * What stages pass on: as much as is planned for them, at most their capacity, times the gain. What waits there, or
 * is on its way there, comes as fast as they can work it off, and then no more.
 */
export function outflowOf(stages: readonly Source[], gain: number): Outflow {
  const total = (of: (stage: Source) => number): number =>
    gain * stages.reduce((sum, stage) => sum + of(stage), 0);
  return {
    soon: total(({ plan, capacity }) => Math.min(capacity, plan.soon)),
    sizing: total(({ plan, capacity }) => Math.min(capacity, plan.sizing)),
    ahead: total(({ plan, capacity }) => Math.min(capacity, plan.ahead)),
    surge: {
      records: total(({ plan, backlog }) => backlog + plan.surge.records),
      perSecond: total(({ capacity }) => capacity),
    },
  };
}
