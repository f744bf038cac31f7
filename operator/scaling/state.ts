import type { Mark, PastAge } from './age.ts';
import type { Sample } from './arrivals.ts';
import { type Bottleneck, NO_BOTTLENECK } from './bottleneck.ts';
import { type BusyTime, NO_BUSY_TIME } from './busy-capacity.ts';
import { capacityOf } from './capacity.ts';
import { type Commits, NO_COMMITS } from './commits.ts';
import { type Gain, NO_GAIN } from './gain.ts';
import type { LastOffsets } from './look.ts';
import { NO_NEEDS, type PastNeeds } from './need-history.ts';
import { noOperation, type Operation } from './operation.ts';
import { NO_PARTITION_LOAD, type PartitionLoad } from './partition-load.ts';
import { NO_REBALANCES, type Rebalances, rebalanceSeconds } from './rebalances.ts';
import { NO_REGRET, type Regret } from './regret.ts';
import { NO_SATURATION, type Saturation } from './saturation.ts';
import { NO_SERVICE_RATE, type ServiceRate } from './service-rate.ts';
import type { ReplicaReading } from './types.ts';

/** All that is remembered between looks: plain JSON, a few kilobytes per scaler. */
export interface ScalingState {
  readonly version: 1;
  readonly scalers: Readonly<Record<string, ScalerState>>;
  /** What earlier runs have learned of scalers that have not been looked at yet. */
  readonly learned: Readonly<Record<string, Learned>>;
}

/** What is worth knowing after a restart. */
export interface Learned {
  readonly capacityPerReplica?: number;
  /** Seconds. */
  readonly coldStarts?: readonly number[];
  readonly rebalanceSeconds?: number;
}

export interface ScalerState {
  /** When it was last looked at. */
  readonly at: number;
  /** When it was last seen: later differences of offsets are over the time since. */
  readonly seenAt: number;
  /** When what is known of arrivals and need began. */
  readonly knownSince: number;
  /** Since when lag has been unknown; undefined: it is known. */
  readonly unknownSince: number | undefined;
  /** When something was last waiting or arriving, here; undefined: never yet. */
  readonly activeAt: number | undefined;
  readonly revision: string;
  readonly offsets: LastOffsets | undefined;
  readonly samples: readonly Sample[];
  readonly marks: readonly Mark[];
  readonly ages: readonly PastAge[];
  readonly partitionLoad: PartitionLoad;
  readonly commits: Commits;
  readonly busy: BusyTime;
  readonly saturation: Saturation;
  readonly serviceRate: ServiceRate;
  /** The capacity as known before: from an earlier run, or of another revision. */
  readonly rememberedCapacity: number | undefined;
  readonly gain: Gain;
  readonly operation: Operation;
  readonly rebalances: Rebalances;
  readonly bottleneck: Bottleneck;
  readonly needs: PastNeeds;
  readonly regret: Regret;
}

/** Nothing is known of any scaler. */
export const initialState = (): ScalingState => ({ version: 1, scalers: {}, learned: {} });

/** Nothing but what earlier runs have learned: windows are empty, so nothing is lowered until they are full. */
export const restoreState = (learned: Readonly<Record<string, Learned>>): ScalingState => ({
  ...initialState(),
  learned,
});

export function newScalerState(at: number, replicas: ReplicaReading, learned: Learned = {}): ScalerState {
  const { rebalanceSeconds } = learned;
  return {
    at,
    ...withoutWindows(at),
    unknownSince: undefined,
    activeAt: undefined,
    revision: replicas.revision,
    busy: NO_BUSY_TIME,
    saturation: NO_SATURATION,
    serviceRate: NO_SERVICE_RATE,
    rememberedCapacity: learned.capacityPerReplica,
    gain: NO_GAIN,
    operation: { ...noOperation(replicas.desired), coldStarts: learned.coldStarts ?? [] },
    rebalances:
      rebalanceSeconds === undefined ? NO_REBALANCES : { ...NO_REBALANCES, seconds: rebalanceSeconds },
    bottleneck: NO_BOTTLENECK,
    regret: NO_REGRET,
  };
}

/** Windows begin anew: what was seen before a gap says nothing of now. */
export const withoutWindows = (
  at: number,
): Pick<
  ScalerState,
  'seenAt' | 'knownSince' | 'offsets' | 'samples' | 'marks' | 'ages' | 'partitionLoad' | 'commits' | 'needs'
> => ({
  seenAt: at,
  knownSince: at,
  offsets: undefined,
  samples: [],
  marks: [],
  ages: [],
  partitionLoad: NO_PARTITION_LOAD,
  commits: NO_COMMITS,
  needs: NO_NEEDS,
});

/** What is worth keeping of each scaler across a restart. */
export function learnedOf(state: ScalingState): Readonly<Record<string, Learned>> {
  const learned = Object.entries(state.scalers).map(([name, memory]): [string, Learned] => {
    const capacity = capacityOf(memory, undefined);
    const measured =
      memory.rebalances.count > 0 ? { rebalanceSeconds: rebalanceSeconds(memory.rebalances) } : {};
    return [
      name,
      {
        ...(capacity === undefined ? {} : { capacityPerReplica: capacity.perReplica }),
        coldStarts: memory.operation.coldStarts,
        ...measured,
      },
    ];
  });
  return { ...state.learned, ...Object.fromEntries(learned) };
}
