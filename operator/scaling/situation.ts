import { ageSeconds } from './age.ts';
import { worthOf } from './assignment.ts';
import { type ArrivalRate, arrivalRate, dispersionOf } from './arrivals.ts';
import { standingSeconds } from './backlog.ts';
import { type Capacity, capacityOf, leastCapacity } from './capacity.ts';
import { type Look, sum } from './look.ts';
import { settledBy } from './need.ts';
import type { Observed } from './observe.ts';
import { coldStartSeconds } from './operation.ts';
import { partitionRates, unevenShares } from './partition-load.ts';
import { outflowOf, ownPlan, type Plan, planFrom } from './plan.ts';
import { rampOf } from './ramp.ts';
import { rebalanceSeconds } from './rebalances.ts';
import { PROFILES, type ProfileSettings, SETTINGS } from './settings.ts';
import { type Sized, sizedOf } from './sizing.ts';
import type { ScalerState } from './state.ts';
import { type TroubledPartitions, troubledPartitions } from './troubled-partitions.ts';
import type { ReplicaReading, ScalerSpec, UnknownLag } from './types.ts';

/** What rules judge: one scaler at one look. */
export interface Situation {
  readonly at: number;
  readonly spec: ScalerSpec;
  readonly profile: ProfileSettings;
  readonly replicas: ReplicaReading;
  readonly memory: ScalerState;
  /** Undefined: lag is known. */
  readonly unknown: UnknownLag | undefined;
  /** Undefined: lag is not known. */
  readonly known: Knowledge | undefined;
  readonly upstream: readonly Situation[];
  /** When something was last waiting or arriving, here or anywhere upstream. */
  readonly activeAt: number;
  /** Since when it has been known whether so. */
  readonly knownSince: number;
  /** It passes on more than arrives, as a stage does that stood still lately or has something to work off; or one upstream. */
  readonly restless: boolean;
}

export interface Knowledge {
  readonly look: Look;
  readonly arrival: ArrivalRate;
  readonly capacity: Capacity | undefined;
  readonly troubled: TroubledPartitions;
  readonly plan: Plan;
  /** Records waiting beyond what is always under way, without those of troubled partitions. */
  readonly backlog: number;
  /** Seconds the oldest event has waited; undefined: not known. */
  readonly age: number | undefined;
  /** Undefined while the capacity of a replica is not known. */
  readonly sized: Sized | undefined;
}

/** `upstream`: those of its upstream that were looked at. */
export function assess(
  observed: Observed,
  upstream: readonly Situation[],
  feedsBottleneck: boolean,
): Situation {
  const { scaler, memory, look, unknown } = observed;
  const { spec, replicas } = scaler;
  const common = {
    at: memory.at,
    spec,
    replicas,
    memory,
    unknown,
    upstream,
    profile: PROFILES[spec.profile],
  };
  const activity = {
    activeAt: Math.max(
      memory.activeAt ?? Number.NEGATIVE_INFINITY,
      ...upstream.map(({ activeAt }) => activeAt),
    ),
    knownSince:
      upstream.length < spec.upstream.length || upstream.some(({ known }) => known === undefined)
        ? memory.at
        : Math.max(memory.knownSince, ...upstream.map(({ knownSince }) => knownSince)),
  };
  const known = look && knowledgeOf(look, observed, upstream, feedsBottleneck);
  const restless = isRestless(memory, known) || upstream.some((one) => one.restless);
  return { ...common, ...activity, known, restless };
}

const UNKNOWN_ARRIVAL: ArrivalRate = { perSecond: 0, certainPerSecond: 0, seconds: 0 };

function knowledgeOf(
  look: Look,
  { scaler, memory }: Observed,
  upstream: readonly Situation[],
  feedsBottleneck: boolean,
): Knowledge {
  const { spec, replicas } = scaler;
  const dispersion = dispersionOf(memory.samples);
  const arrival = arrivalRate(memory.samples, dispersion) ?? UNKNOWN_ARRIVAL;
  const capacity = capacityOf(memory, spec.capacityHint);
  const rates = partitionRates(memory.partitionLoad);
  const troubled = troubledPartitions(look, rates, memory.commits, {
    at: memory.at,
    capacityPerReplica: capacity?.perReplica,
    seconds: memory.partitionLoad.seconds,
  });
  const harmless = SETTINGS.harmlessShare * spec.maxAgeSeconds;
  const standing = standingSeconds(memory.samples, arrival.perSecond, harmless);
  const given = (indexes: readonly number[], values: readonly number[]): number =>
    sum(indexes.map((index) => values[index] ?? 0));
  const helpless = [...troubled.hot, ...troubled.poisoned];
  const lag = look.lag - given(helpless, look.lags);
  const backlog = Math.max(0, lag - standing * arrival.perSecond);
  const lead = coldStartSeconds(memory.operation) + rebalanceSeconds(memory.rebalances);
  const own = ownPlan(arrival, rampOf(memory.samples, dispersion), lead);
  const whole = planFrom(
    own,
    inflow(memory, upstream),
    memory.samples,
    upstream.some(({ restless }) => restless),
  );
  const excess = capacity === undefined ? 0 : excessShare(troubled, rates, capacity.perReplica);
  const plan = withoutExcess(whole, excess);
  const age = ageSeconds(look, memory.marks, memory.at);
  const knowledge = { look, arrival, capacity, troubled, plan, backlog, age };
  if (capacity === undefined) return { ...knowledge, sized: undefined };
  const counts = memory.partitionLoad.counts.map((count, index) => (helpless.includes(index) ? 0 : count));
  const shares = unevenShares(counts);
  const perReplica = {
    likely: capacity.perReplica,
    least: leastCapacity(capacity, memory),
  };
  const worth = worthOf(look, shares);
  const sizing = { plan, backlog, standing, shares, worth, perReplica, feedsBottleneck };
  return { ...knowledge, sized: sizedOf(sizing, spec, replicas, memory) };
}

/**
 * Share of what arrives that goes to troubled partitions beyond what can be settled there. A share and not a rate:
 * the rates of partitions have a longer memory than those of arrivals, and say too much after a burst.
 */
function excessShare(
  { hot, poisoned }: TroubledPartitions,
  rates: readonly number[],
  perReplica: number,
): number {
  const beyond = sum(
    hot.map((index) => Math.max(0, (rates[index] ?? 0) - SETTINGS.hotUtilization * perReplica)),
  );
  const excess = beyond + sum(poisoned.map((index) => rates[index] ?? 0));
  return excess > 0 ? excess / sum(rates) : 0;
}

const withoutExcess = (plan: Plan, share: number): Plan => ({
  ...plan,
  soon: plan.soon * (1 - share),
  sizing: plan.sizing * (1 - share),
  ahead: plan.ahead * (1 - share),
});

function isRestless({ at, rebalances }: ScalerState, known: Knowledge | undefined): boolean {
  const { lastAt, since } = rebalances;
  const lately = lastAt !== undefined && at - lastAt < SETTINGS.burstSeconds;
  return since !== undefined || lately || (known?.backlog ?? 0) > (known?.plan.soon ?? 0);
}

/** What the stages upstream will pass on; undefined when one of them, or the gain, is not known. */
function inflow(memory: ScalerState, upstream: readonly Situation[]) {
  const gain = memory.gain.ratio;
  if (gain === undefined || upstream.length === 0) return undefined;
  const stages = upstream.flatMap(({ known, replicas }) => {
    if (known?.sized === undefined) return [];
    const { demand, need } = known.sized;
    const reachable = Math.max(replicas.desired, need.replicas);
    return [{ plan: known.plan, backlog: known.backlog, capacity: settledBy(reachable, demand) }];
  });
  return stages.length === upstream.length ? outflowOf(stages, gain) : undefined;
}
