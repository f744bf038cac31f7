import type { Decision, KnownLag, LagReading, Measured, Reason, ScalerSpec } from '../scaling/types.ts';
import { spec } from '../scaling/test-observations.ts';
import type { LagSource, ManagedScaler, ScaleTarget } from './ports.ts';
import type { Decide } from './tick.ts';

/** A scaler and a target that remembers what it was asked for. */
export interface Rig {
  readonly scaler: ManagedScaler;
  readonly scaled: number[];
}

export const specOf = (name: string): ScalerSpec => spec({ name, maxReplicas: 6 });

export function rig(
  name: string,
  target: Partial<ScaleTarget> = {},
  mode: ManagedScaler['mode'] = 'active',
): Rig {
  const scaled: number[] = [];
  const scaler: ManagedScaler = {
    spec: specOf(name),
    lag: { scaler: name, connection: 'default', consumerGroup: name, topics: [`${name}-topic`] },
    target: {
      read: () => Promise.resolve({ desired: 1, ready: 1, revision: '' }),
      scale: (replicas) => {
        scaled.push(replicas);
        return Promise.resolve();
      },
      ...target,
    },
    mode,
  };
  return { scaler, scaled };
}

export const KNOWN: KnownLag = { kind: 'known', group: { state: 'Stable', members: [] }, partitions: [] };

export function lagSource(reading: LagReading = KNOWN): LagSource {
  return {
    read: (requests) => Promise.resolve(new Map(requests.map(({ scaler }) => [scaler, reading]))),
    close: () => Promise.resolve(),
  };
}

export const MEASURED: Measured = {
  lagRecords: 5_200,
  ageSeconds: 14,
  arrivalPerSecond: 100,
  plannedPerSecond: 120,
  capacityPerReplica: 40,
  capacitySource: 'busy-time',
  utilization: 2.5,
  coldStartSeconds: 15,
  rebalanceSeconds: 5,
  rebalances: 2,
  partitions: 6,
};

export function decisionOf(scaler: string, replicas: number, reason: Reason = 'LoadAboveCapacity'): Decision {
  return {
    scaler,
    replicas,
    reason,
    message: `${scaler} needs ${replicas}`,
    measured: MEASURED,
    alternatives: [
      { replicas: 1, verdict: 'rejected', why: 'takes 41 s to drain 5,200 records, 24 s allowed' },
      { replicas, verdict: 'chosen', why: 'drains in 12 s' },
    ],
    conditions: [],
  };
}

/** Decides the same for everybody, and counts how often. */
export function decideAlways(replicas: number): Decide<number> {
  return (state, observation) => ({
    state: state + 1,
    decisions: observation.scalers.map(({ spec }) => decisionOf(spec.name, replicas)),
  });
}
