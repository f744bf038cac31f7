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
 * counts waiting for a shared database as work); else as last saturated; else as remembered or hinted. While a
 * scale-up is on trial, as before it: otherwise a limit that replicas share would look like slow replicas.
 *
 * Source: DS2 for busy time, Flink's autoscaler for the correction (FLINK-33306).
 */
export function capacityOf(memory: ScalerState, hint: number | undefined): Capacity | undefined {
  const { trial } = memory.bottleneck;
  const busy = memory.busy.perReplica;
  const { perReplica: saturated, measuredAt } = memory.saturation;
  const source = busy === undefined ? 'saturated' : 'busy-time';
  if (trial !== undefined) return { perReplica: trial.perReplica, source };
  if (busy !== undefined) {
    const contradicted =
      saturated !== undefined &&
      memory.at - measuredAt < FRESH_SECONDS &&
      (busy > DECEIVED * saturated || saturated > DECEIVED * busy);
    return contradicted ? { perReplica: saturated, source: 'saturated' } : { perReplica: busy, source };
  }
  if (saturated !== undefined) return { perReplica: saturated, source };
  const guess = memory.rememberedCapacity ?? hint;
  return guess === undefined ? undefined : { perReplica: guess, source: 'hint' };
}
