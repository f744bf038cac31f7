import { withSample } from './arrivals.ts';
import { withLoads } from './busy-capacity.ts';
import { candidateReplicas } from './levels.ts';
import { type Look, readLook } from './look.ts';
import { needOf } from './need.ts';
import { withNeed } from './need-history.ts';
import { coldStartSeconds, withDecision, withReplicas } from './operation.ts';
import { rebalanceSeconds, withGroup } from './rebalances.ts';
import { aboveMaximum, belowMinimum } from './rules/bounds.ts';
import { fewerReplicas } from './rules/down.ts';
import { rebalancing } from './rules/rebalancing.ts';
import { hold, type Rule, type Ruling } from './rules/rule.ts';
import { arithmetic, moreReplicas } from './rules/up.ts';
import { unknownLag } from './rules/unknown.ts';
import { idle, wake } from './rules/zero.ts';
import { PROFILES } from './settings.ts';
import { assess, type Situation } from './situation.ts';
import { newScalerState, type ScalerState, type ScalingState } from './state.ts';
import type { Decision, Measured, Observation, ScalerObservation, UnknownLag } from './types.ts';

export { initialState } from './state.ts';

/** The first rule that has something to say decides. */
const RULES: readonly Rule[] = [
  belowMinimum,
  aboveMaximum,
  unknownLag,
  rebalancing,
  wake,
  moreReplicas,
  idle,
  fewerReplicas,
];

/**
 * Sets the replicas of every scaler from one look at all of them. Pure: the same state and observation always give
 * the same answer, and nothing is changed.
 */
export function decide(
  state: ScalingState,
  observation: Observation,
): { readonly state: ScalingState; readonly decisions: readonly Decision[] } {
  const scalers: Record<string, ScalerState> = {};
  const decisions = observation.scalers.map((scaler) => {
    const situation = look(state.scalers[scaler.spec.name], scaler, observation.at);
    const ruling = rule(situation);
    scalers[scaler.spec.name] = {
      ...situation.memory,
      operation: withDecision(situation.memory.operation, ruling.replicas, observation.at),
    };
    return decisionOf(situation, ruling);
  });
  return { state: { version: 1, scalers }, decisions };
}

function rule(situation: Situation): Ruling {
  for (const rule of RULES) {
    const ruling = rule(situation);
    if (ruling !== undefined) return ruling;
  }
  return hold(situation, 'Steady', arithmetic(situation));
}

function look(before: ScalerState | undefined, scaler: ScalerObservation, at: number): Situation {
  const { spec, replicas, lag } = scaler;
  const memory = before ?? newScalerState(at, replicas);
  const common = { at, spec, replicas, profile: PROFILES[spec.profile] };
  const reading = lag.kind === 'known' ? readLook(lag, spec.offsetReset, memory.offsets) : lag;
  if ('kind' in reading) return { ...common, ...withoutKnowledge(memory, scaler, at, reading) };
  if ('backwards' in reading) {
    return {
      ...common,
      ...withoutKnowledge(memory, scaler, at, {
        kind: 'unknown',
        reason: 'OffsetsIncomplete',
        message: reading.backwards,
      }),
    };
  }
  return { ...common, ...withKnowledge(memory, scaler, at, reading) };
}

function withoutKnowledge(
  memory: ScalerState,
  { replicas }: ScalerObservation,
  at: number,
  unknown: UnknownLag,
) {
  return {
    unknown,
    known: undefined,
    memory: {
      ...memory,
      at,
      unknownSince: memory.unknownSince ?? at,
      offsets: undefined,
      samples: [],
      needs: [],
      knownSince: at,
      activeAt: at,
      operation: withReplicas(memory.operation, replicas, at, undefined),
    },
  };
}

function withKnowledge(before: ScalerState, { spec, replicas }: ScalerObservation, at: number, look: Look) {
  const elapsed = Math.max(0, at - before.at);
  const last = before.samples.at(-1);
  const active = look.lag > 0 || last === undefined || look.written > last[1];
  const memory: ScalerState = {
    ...before,
    at,
    unknownSince: undefined,
    activeAt: active ? at : before.activeAt,
    offsets: { topology: look.topology, ends: look.ends, committed: look.committed },
    samples: withSample(before.samples, [at, look.written, look.settled]),
    busy: withLoads(before.busy, look.partitions, elapsed),
    operation: withReplicas(before.operation, replicas, at, look.members),
    rebalances: withGroup(before.rebalances, look, at, elapsed),
  };
  const known = assess(look, spec, replicas, memory);
  const lower = known.demand && { ...known.demand, utilization: PROFILES[spec.profile].lower };
  const candidates = candidateReplicas(look.partitions.length, spec.minReplicas, spec.maxReplicas);
  const need = lower && needOf(candidates, lower, replicas.desired).replicas;
  const needs = withNeed(memory.needs, at, need ?? replicas.desired, 3600);
  return { unknown: undefined, known, memory: { ...memory, needs } };
}

function decisionOf(situation: Situation, ruling: Ruling): Decision {
  const { spec, known, unknown } = situation;
  return {
    scaler: spec.name,
    ...ruling,
    measured: measuredOf(situation),
    alternatives: known?.need?.alternatives ?? [],
    conditions: [
      {
        type: 'LagKnown',
        status: unknown === undefined,
        reason: unknown?.reason ?? 'Read',
        message: unknown?.message ?? 'every partition was read',
      },
    ],
  };
}

function measuredOf({ known, memory }: Situation): Measured {
  const capacity = known?.capacity?.perReplica;
  const arrival = known?.arrival?.perSecond;
  return {
    lagRecords: known?.look.lag,
    ageSeconds: undefined,
    arrivalPerSecond: arrival,
    plannedPerSecond: known?.demand?.plannedPerSecond,
    capacityPerReplica: capacity,
    capacitySource: known?.capacity?.source,
    utilization: undefined,
    coldStartSeconds: coldStartSeconds(memory.operation),
    rebalanceSeconds: rebalanceSeconds(memory.rebalances),
    rebalances: memory.rebalances.count,
    partitions: known?.look.partitions.length ?? 0,
  };
}
