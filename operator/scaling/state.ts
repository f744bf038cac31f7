import type { Sample } from './arrivals.ts';
import { type BusyTime, NO_BUSY_TIME } from './busy-capacity.ts';
import type { LastOffsets } from './look.ts';
import { type Operation, noOperation } from './operation.ts';
import type { NeedHistory } from './need-history.ts';
import { NO_REBALANCES, type Rebalances } from './rebalances.ts';
import type { ReplicaReading } from './types.ts';

/** All that is remembered between looks: plain JSON, a few kilobytes per scaler. */
export interface ScalingState {
  readonly version: 1;
  readonly scalers: Readonly<Record<string, ScalerState>>;
}

export interface ScalerState {
  /** When it was last looked at. */
  readonly at: number;
  /** When what is known of arrivals and need began. */
  readonly knownSince: number;
  /** Since when lag has been unknown. */
  readonly unknownSince: number | undefined;
  /** When something was last waiting or arriving. */
  readonly activeAt: number;
  readonly revision: string;
  readonly offsets: LastOffsets | undefined;
  readonly samples: readonly Sample[];
  readonly busy: BusyTime;
  /** What was known of the capacity before: from the status, or of another revision. */
  readonly rememberedCapacity: number | undefined;
  readonly operation: Operation;
  readonly rebalances: Rebalances;
  readonly needs: NeedHistory;
}

/** Nothing is known of any scaler. */
export const initialState = (): ScalingState => ({ version: 1, scalers: {} });

export function newScalerState(at: number, replicas: ReplicaReading): ScalerState {
  return {
    at,
    knownSince: at,
    unknownSince: undefined,
    activeAt: at,
    revision: replicas.revision,
    offsets: undefined,
    samples: [],
    busy: NO_BUSY_TIME,
    rememberedCapacity: undefined,
    operation: noOperation(replicas.desired),
    rebalances: NO_REBALANCES,
    needs: [],
  };
}
