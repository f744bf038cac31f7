import type { Worth } from './assignment.ts';
import { candidateReplicas, nextLevel, effectiveReplicas } from './levels.ts';
import type { Needs } from './need-history.ts';
import { type Deadline, type Demand, leastThatDoes, type Need, needOf, NO_SURGE } from './need.ts';
import { coldStartSeconds } from './operation.ts';
import type { Plan } from './plan.ts';
import { rebalanceSeconds } from './rebalances.ts';
import { PROFILES, type ProfileSettings, SETTINGS } from './settings.ts';
import type { ScalerState } from './state.ts';
import type { ReplicaReading, ScalerSpec } from './types.ts';

/** How many replicas are needed, and by what tests. */
export interface Sized {
  /** What replicas are sized for. */
  readonly demand: Demand;
  /** What is certain to come soon: if the present replicas do not do for it, there must be more. */
  readonly certain: Demand;
  /** What replicas that stay must do for after a scale-down. */
  readonly lasting: Demand;
  readonly need: Need;
  /** As `need`, for what lasts. */
  readonly needs: Needs;
}

/** What a stage is sized by. */
export interface Sizing {
  readonly plan: Plan;
  /** Records waiting beyond what is always under way. */
  readonly backlog: number;
  /** Seconds of arrivals that are always under way. */
  readonly standing: number;
  /** Share of each partition, where they are uneven. */
  readonly shares: readonly number[] | undefined;
  /** What the present members are worth, where that is known. */
  readonly worth: Worth | undefined;
  /** Records per second of one replica: what is ordered by, and the least that it may be. */
  readonly perReplica: { readonly likely: number; readonly least: number };
  /** Working a backlog off sooner would only move it to a stage that is full. */
  readonly feedsBottleneck: boolean;
}

/**
 * Sizes one stage.
 *
 * A backlog is harmless up to half of the objective, and what is beyond may take some objectives to go (5 for
 * `balanced`: about as long as replicas are kept once they have been ordered). There is no hurry with that, so more
 * replicas are ordered for it only when what certainly arrives leaves too little room: if more does, it is seen in
 * time. A backlog that makes events late must be gone but for two thirds of the objective as soon as replicas have had
 * time to come: those ordered for less would come when it is over, and stop the group once more meanwhile.
 *
 * Source: the recovery test of Daedalus, with one more limit.
 */
export function sizedOf(
  sizing: Sizing,
  spec: ScalerSpec,
  replicas: ReplicaReading,
  memory: ScalerState,
): Sized {
  const { plan, standing, feedsBottleneck } = sizing;
  const profile = PROFILES[spec.profile];
  const cold = coldStartSeconds(memory.operation);
  const pause = rebalanceSeconds(memory.rebalances);
  const spare = utilizationFor(profile, pause, spec.maxAgeSeconds);
  const bearable = spec.maxAgeSeconds - standing;
  const deadlines = (arrivingPerSecond: number): readonly Deadline[] => [
    {
      ageSeconds: SETTINGS.urgentShare * bearable,
      withinSeconds: cold + pause,
      arrivingPerSecond,
      ifOlderThan: bearable,
    },
    {
      ageSeconds: SETTINGS.harmlessShare * bearable,
      withinSeconds: Math.max(cold + pause, profile.recovery * spec.maxAgeSeconds),
      arrivingPerSecond: Math.min(plan.soon, arrivingPerSecond),
      ifOlderThan: 0,
    },
  ];
  const planned = (plannedPerSecond: number): Pick<Demand, 'plannedPerSecond' | 'deadlines'> => ({
    plannedPerSecond,
    deadlines: feedsBottleneck ? [] : deadlines(plannedPerSecond),
  });
  const present: Demand = {
    partitions: memory.offsets?.ends.length ?? 0,
    shares: sizing.shares,
    present: memory.operation.underway === undefined ? sizing.worth : undefined,
    capacityPerReplica: sizing.perReplica.likely,
    ...planned(plan.ahead),
    utilization: spare * profile.target,
    ...backlogs(sizing, replicas, memory),
    surge: plan.surge,
  };
  const lasting: Demand = { ...present, capacityPerReplica: sizing.perReplica.least };
  const demand: Demand = {
    ...present,
    ...planned(plan.sizing),
    utilization: spare * (profile.target + plan.open * (profile.upper - profile.target)),
  };
  const certain: Demand = {
    ...present,
    ...planned(plan.soon),
    utilization: spare * profile.upper,
  };
  const candidates = candidateReplicas(lasting.partitions, spec.minReplicas, highestAllowed(spec, memory));
  const needed = (tested: Demand): number => leastThatDoes(candidates, tested, replicas.desired);
  const load: Demand = { ...lasting, backlogIfKept: 0, backlogIfChanged: 0, surge: NO_SURGE };
  return {
    demand,
    certain,
    lasting,
    need: needOf(candidates, demand, replicas.desired),
    needs: {
      whole: needed(lasting),
      load: needed(load),
      comfort: needed({ ...load, utilization: spare * profile.lower }),
    },
  };
}

/** What will be waiting when the present replicas all work, and when others do. */
function backlogs(
  { plan, backlog, shares, perReplica }: Sizing,
  replicas: ReplicaReading,
  { offsets, operation, rebalances, at }: ScalerState,
): Pick<Demand, 'backlogIfKept' | 'backlogIfChanged'> {
  const partitions = offsets?.ends.length ?? 0;
  const cold = coldStartSeconds(operation);
  const pause = rebalanceSeconds(rebalances);
  const shortfall = (count: number): number =>
    Math.max(0, plan.soon - perReplica.likely * effectiveReplicas(partitions, count, shares));
  const { underway } = operation;
  const present = shortfall(Math.min(replicas.ready, replicas.desired));
  const waited = underway === undefined ? 0 : at - underway.at;
  const left = Math.max(cold - waited, waited / 4);
  // Those ordered before come before those ordered now, unless they should have been here long ago.
  const first = Math.min(left, cold);
  return {
    backlogIfKept: backlog + (underway === undefined ? 0 : present * left + plan.soon * pause),
    backlogIfChanged:
      backlog + present * first + shortfall(replicas.desired) * (cold - first) + plan.soon * pause,
  };
}

/**
 * Factor on the utilisations of a profile, at most 1: what piles up in a rebalance of `pauseSeconds` must be gone
 * within four objectives, so that utilisation <= 1 / (1 + pause / (4 x objective)).
 */
function utilizationFor({ target }: ProfileSettings, pauseSeconds: number, maxAgeSeconds: number): number {
  return Math.min(1, 1 / (1 + pauseSeconds / (4 * maxAgeSeconds)) / target);
}

/** maxReplicas; or while more have been found not to help, no more than helped, or one level more as a probe. */
export function highestAllowed(
  { maxReplicas }: ScalerSpec,
  { bottleneck, at, offsets }: ScalerState,
): number {
  const { ceiling } = bottleneck;
  if (ceiling === undefined) return maxReplicas;
  const probe = at < ceiling.probeAt ? undefined : nextLevel(offsets?.ends.length ?? 0, ceiling.replicas);
  return Math.min(maxReplicas, probe ?? ceiling.replicas);
}
