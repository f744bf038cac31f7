import { type ArrivalRate, arrivalRate } from './arrivals.ts';
import { standingSeconds } from './backlog.ts';
import { busyCapacity } from './busy-capacity.ts';
import { candidateReplicas, evenReplicas } from './levels.ts';
import type { Look } from './look.ts';
import { type Demand, type Need, needOf } from './need.ts';
import { coldStartSeconds } from './operation.ts';
import { rebalanceSeconds } from './rebalances.ts';
import { PROFILES, type ProfileSettings, SETTINGS } from './settings.ts';
import type { ScalerState } from './state.ts';
import type { Measured, ReplicaReading, ScalerSpec, UnknownLag } from './types.ts';

/** What rules judge: one scaler at one look. */
export interface Situation {
  readonly at: number;
  readonly spec: ScalerSpec;
  readonly profile: ProfileSettings;
  readonly replicas: ReplicaReading;
  readonly memory: ScalerState;
  /** Undefined: lag is known. */
  readonly unknown: UnknownLag | undefined;
  /** Undefined: nothing is known of this look. */
  readonly known: Knowledge | undefined;
}

export interface Knowledge {
  readonly look: Look;
  readonly arrival: ArrivalRate | undefined;
  readonly capacity: Capacity | undefined;
  /** Records waiting beyond what is always under way. */
  readonly backlog: number;
  /** Undefined while arrivals or capacity are not known. */
  readonly demand: Demand | undefined;
  /** The same demand, as far as it is certain: what adds replicas. */
  readonly certainDemand: Demand | undefined;
  readonly need: Need | undefined;
}

export interface Capacity {
  readonly perReplica: number;
  readonly source: NonNullable<Measured['capacitySource']>;
}

export function assess(
  look: Look,
  spec: ScalerSpec,
  replicas: ReplicaReading,
  memory: ScalerState,
): Knowledge {
  const profile = PROFILES[spec.profile];
  const arrival = arrivalRate(memory.samples);
  const capacity = capacityOf(spec, memory);
  const perSecond = arrival?.perSecond ?? 0;
  const harmless = SETTINGS.harmlessShare * spec.maxAgeSeconds;
  const standing = standingSeconds(memory.samples, perSecond, harmless);
  const backlog = Math.max(0, look.lag - standing * perSecond);
  if (arrival === undefined || capacity === undefined) {
    return { look, arrival, capacity, backlog, demand: undefined, certainDemand: undefined, need: undefined };
  }
  const partitions = look.partitions.length;
  const cold = coldStartSeconds(memory.operation);
  const pause = rebalanceSeconds(memory.rebalances);
  const working = evenReplicas(partitions, Math.min(replicas.ready, replicas.desired)) * capacity.perReplica;
  const shortfall = Math.max(0, perSecond - working);
  const { underway } = memory.operation;
  const left = underway === undefined ? 0 : Math.max(0, cold - (memory.at - underway.at));
  const demand: Demand = {
    partitions,
    plannedPerSecond: perSecond,
    capacityPerReplica: capacity.perReplica,
    utilization: profile.target,
    backlogIfKept: backlog + (underway === undefined ? 0 : shortfall * left + perSecond * pause),
    backlogIfChanged: backlog + shortfall * cold + perSecond * pause,
    harmlessSeconds: SETTINGS.harmlessShare * (spec.maxAgeSeconds - standing),
    recoverySeconds: profile.recovery * spec.maxAgeSeconds,
  };
  const certainDemand: Demand = {
    ...demand,
    plannedPerSecond: arrival.certainPerSecond,
    utilization: profile.upper,
    recoverySeconds: cold + pause + demand.recoverySeconds / 3,
  };
  const candidates = candidateReplicas(partitions, spec.minReplicas, spec.maxReplicas);
  const need = needOf(candidates, demand, replicas.desired);
  return { look, arrival, capacity, backlog, demand, certainDemand, need };
}

function capacityOf(spec: ScalerSpec, memory: ScalerState): Capacity | undefined {
  const busy = busyCapacity(memory.busy);
  if (busy !== undefined) return { perReplica: busy, source: 'busy-time' };
  const hint = memory.rememberedCapacity ?? spec.capacityHint;
  return hint === undefined ? undefined : { perReplica: hint, source: 'hint' };
}
