import type { ScalerState } from './state.ts';
import type { Measured } from './types.ts';

/** Records per second one replica settles when it has enough to do. */
export interface Capacity {
  readonly perReplica: number;
  readonly source: NonNullable<Measured['capacitySource']>;
}

/** Beyond this ratio a saturated stretch is believed rather than busy time. */
const DECEIVED = 1.15;
const FRESH_SECONDS = 120;

/**
 * By busy time if replicas tell it, unless what saturated replicas really settled lately contradicts (busy time
 * counts waiting for a shared database as work), and busy time still says what it said then: if not, replicas have
 * become faster or slower since. Else as last saturated; else as remembered or hinted. While a scale-up is on trial,
 * as before it: otherwise a limit that replicas share would look like slow replicas.
 *
 * Source: DS2 for busy time, Flink's autoscaler for the correction (FLINK-33306).
 */
export function capacityOf(memory: ScalerState, hint: number | undefined): Capacity | undefined {
  const { trial } = memory.bottleneck;
  const busy = memory.busy.perReplica;
  const { perReplica: saturated, busyThen } = memory.saturation;
  const source = busy === undefined ? 'saturated' : 'busy-time';
  if (trial !== undefined) return { perReplica: trial.perReplica, source };
  if (busy !== undefined) {
    const contradicted =
      saturated !== undefined &&
      isFresh(memory) &&
      differ(busy, saturated) &&
      !differ(busy, busyThen ?? busy);
    return contradicted ? { perReplica: saturated, source: 'saturated' } : { perReplica: busy, source };
  }
  if (saturated !== undefined) return { perReplica: saturated, source };
  const guess = memory.rememberedCapacity ?? hint;
  return guess === undefined ? undefined : { perReplica: guess, source: 'hint' };
}

/** The least that anything measured lately says: fewer replicas must do by all of it. */
export function leastCapacity({ perReplica }: Capacity, memory: ScalerState): number {
  const { busy, saturation } = memory;
  const saturated = isFresh(memory) ? saturation.perReplica : undefined;
  return Math.min(perReplica, busy.perReplica ?? perReplica, saturated ?? perReplica);
}

const isFresh = ({ at, saturation }: ScalerState): boolean => at - saturation.measuredAt < FRESH_SECONDS;

/** Two figures of a capacity that cannot both be right. */
export const differ = (one: number, other: number): boolean =>
  one > DECEIVED * other || other > DECEIVED * one;
