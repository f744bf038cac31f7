import type { LagReading, Observation, ScalerObservation } from '../scaling/types.ts';
import { missingGroup } from './missing-group.ts';
import type { LagSource, ManagedScaler, Unread } from './ports.ts';
import type { ReadTargets } from './target-reader.ts';

/** What a tick has seen. */
export interface Gathered {
  readonly observation: Observation;
  readonly scalers: ReadonlyMap<string, ManagedScaler>;
  /** Whose replicas could not be read: nothing is decided for them. */
  readonly unread: readonly Unread[];
}

export interface GatherOptions {
  readonly lag: LagSource;
  /** Seconds of a monotonic clock. */
  readonly at: number;
  readonly readTargets: ReadTargets;
}

/** Lag and replicas of all scalers, at the same time. */
export async function gather(
  scalers: readonly ManagedScaler[],
  { lag, at, readTargets }: GatherOptions,
): Promise<Gathered> {
  const [lags, targets] = await Promise.all([
    lag.read(scalers.map((scaler) => scaler.lag)),
    readTargets(scalers.map(({ target }) => target)),
  ]);
  const observed: ScalerObservation[] = [];
  const unread: Unread[] = [];
  for (const [index, scaler] of scalers.entries()) {
    const replicas = targets[index]!;
    const { spec } = scaler;
    if (replicas instanceof Error) {
      unread.push({ scaler, error: replicas });
      continue;
    }
    const lag = lags.get(spec.name) ?? NOT_ANSWERED;
    observed.push({ spec, replicas, lag: missingGroup(lag, scaler.lag, replicas) ?? lag });
  }
  return {
    observation: { at, scalers: observed },
    scalers: new Map(scalers.map((scaler) => [scaler.spec.name, scaler])),
    unread,
  };
}

const NOT_ANSWERED: LagReading = {
  kind: 'unknown',
  reason: 'OffsetsIncomplete',
  message: 'the lag source has not answered for this scaler',
};
