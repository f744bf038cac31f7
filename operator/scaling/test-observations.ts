import type { Trial } from './bottleneck.ts';
import type {
  GroupState,
  KnownLag,
  Observation,
  ReplicaLoad,
  ReplicaReading,
  ScalerObservation,
  ScalerSpec,
} from './types.ts';

/** Builders of observations for tests: what is not given is ordinary. */
export const spec = (given: Partial<ScalerSpec> = {}): ScalerSpec => ({
  name: 'stage',
  maxAgeSeconds: 10,
  minReplicas: 1,
  maxReplicas: 24,
  upstream: [],
  profile: 'balanced',
  idleSeconds: 300,
  fallback: undefined,
  capacityHint: undefined,
  offsetReset: 'earliest',
  ...given,
});

export const running = (replicas: number, given: Partial<ReplicaReading> = {}): ReplicaReading => ({
  desired: replicas,
  ready: replicas,
  revision: '1',
  ...given,
});

export interface LagGiven {
  readonly ends: readonly number[];
  /** As committed; undefined: never. Default: everything. */
  readonly committed?: readonly (number | undefined)[];
  readonly begins?: readonly number[];
  readonly loads?: readonly (ReplicaLoad | undefined)[];
  readonly members?: number;
  /** Distinguishes the members of one generation from those of another. */
  readonly generation?: number;
  readonly state?: GroupState;
}

export function knownLag(given: LagGiven): KnownLag {
  const {
    ends,
    committed = ends,
    begins = [],
    loads = [],
    members = 1,
    generation = 0,
    state = 'Stable',
  } = given;
  return {
    kind: 'known',
    group: {
      state,
      members: Array.from({ length: members }, (_, member) => ({
        id: `member-${generation}-${member}`,
        assigned: ends.flatMap((_, partition) =>
          partition % members === member ? [{ topic: 'topic', partition }] : [],
        ),
      })),
    },
    partitions: ends.map((end, partition) => ({
      topic: 'topic',
      partition,
      begin: begins[partition] ?? 0,
      end,
      committed: committed[partition],
      load: loads[partition],
    })),
  };
}

/** Two replicas that settled 80/s have become four. */
export const trialOf = (given: Partial<Trial> = {}): Trial => ({
  at: 100,
  from: 2,
  to: 4,
  throughput: 80,
  perReplica: 40,
  deviation: 0,
  isKnown: true,
  fruitless: 0,
  ...given,
});

export const unknownLag = (message = 'no broker answers') =>
  ({ kind: 'unknown', reason: 'BrokerUnreachable', message }) as const;

export const observation = (at: number, ...scalers: readonly ScalerObservation[]): Observation => ({
  at,
  scalers,
});
