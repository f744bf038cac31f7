import { CERTAIN_DEVIATIONS } from './arrivals.ts';
import { servedBy } from './service-rate.ts';
import type { ScalerState } from './state.ts';
import type { Measured } from './types.ts';

/** Records per second one replica settles when it has enough to do. */
export interface Capacity {
  readonly perReplica: number;
  readonly source: NonNullable<Measured['capacitySource']>;
  /** Deviation of chance, relative; 0 where it is told and not read from lumps. */
  readonly deviation: number;
}

/** Beyond this ratio a saturated stretch is believed rather than busy time. */
const DECEIVED = 1.15;
const FRESH_SECONDS = 120;

/**
 * By busy time if replicas tell it, unless what saturated replicas really settled lately contradicts (busy time
 * counts waiting for a shared database as work), and busy time still says what it said then: if not, replicas have
 * become faster or slower since. Else as saturated members settle; else as remembered or hinted. While a scale-up is on
 * trial, as before it, within what was not certain then: otherwise a limit that replicas share would look like slow
 * replicas.
 *
 * Source: DS2 for busy time, Flink's autoscaler for the correction (FLINK-33306).
 */
export function capacityOf(memory: ScalerState, hint: number | undefined): Capacity | undefined {
  const { trial } = memory.bottleneck;
  const busy = memory.busy.perReplica;
  const { perReplica: saturated, busyThen } = memory.saturation;
  if (busy === undefined) return servedCapacity(memory) ?? guessOf(memory, hint);
  const [source, deviation] = ['busy-time', 0] as const;
  if (trial !== undefined) return { perReplica: trial.perReplica, source, deviation };
  const contradicted =
    saturated !== undefined && isFresh(memory) && differ(busy, saturated) && !differ(busy, busyThen ?? busy);
  return contradicted
    ? { perReplica: saturated, source: 'saturated', deviation }
    : { perReplica: busy, source, deviation };
}

/** By offsets alone. */
function servedCapacity({ at, bottleneck, serviceRate, saturation }: ScalerState): Capacity | undefined {
  const source = 'saturated';
  const trial = bottleneck.trial?.isKnown ? bottleneck.trial : undefined;
  const served = servedBy(serviceRate, at);
  if (served !== undefined && trial !== undefined) {
    const doubt = CERTAIN_DEVIATIONS * trial.deviation;
    const [least, most] = [trial.perReplica * (1 - doubt), trial.perReplica * (1 + doubt)];
    return { ...served, perReplica: Math.min(most, Math.max(least, served.perReplica)), source };
  }
  if (served !== undefined) return { ...served, source };
  const perReplica = trial?.perReplica ?? saturation.perReplica;
  return perReplica === undefined ? undefined : { perReplica, source, deviation: 0 };
}

function guessOf({ rememberedCapacity }: ScalerState, hint: number | undefined): Capacity | undefined {
  const guess = rememberedCapacity ?? hint;
  return guess === undefined ? undefined : { perReplica: guess, source: 'hint', deviation: 0 };
}

/** The least that anything measured lately says: fewer replicas must do by all of it. */
export function leastCapacity({ perReplica, deviation }: Capacity, memory: ScalerState): number {
  const { busy, saturation } = memory;
  if (busy.perReplica === undefined) return perReplica * Math.max(0.5, 1 - CERTAIN_DEVIATIONS * deviation);
  const saturated = isFresh(memory) ? saturation.perReplica : undefined;
  return Math.min(perReplica, busy.perReplica, saturated ?? perReplica);
}

const isFresh = ({ at, saturation }: ScalerState): boolean => at - saturation.measuredAt < FRESH_SECONDS;

/** Two figures of a capacity that cannot both be right. */
export const differ = (one: number, other: number): boolean =>
  one > DECEIVED * other || other > DECEIVED * one;
