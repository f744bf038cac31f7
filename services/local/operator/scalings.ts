import { setTimeout as sleep } from 'node:timers/promises';
import type { ScalerState } from './operator-client.ts';

/** A change of replicas by the operator. */
export interface Scaling {
  readonly at: string;
  readonly stage: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** The arithmetic in words. */
  readonly message: string;
}

/** The changes that are in `now` and were not in `before`: of each stage the last one, with what it was made of. */
export function newScalings(
  before: readonly ScalerState[],
  now: readonly ScalerState[],
  at: string,
): Scaling[] {
  const previous = new Map(before.map((scaler) => [scaler.name, scaler]));
  return now.flatMap((scaler) => {
    const { name, desired, decided, reason, message, result } = scaler;
    if (result !== 'scaled' || desired === undefined || decided === undefined) return [];
    const last = previous.get(name);
    const same = last?.result === 'scaled' && last.desired === desired && last.message === message;
    return same ? [] : [{ at, stage: name, from: desired, to: decided, reason, message }];
  });
}

export function scalingLine({ stage, from, to, reason, message }: Scaling): string {
  return `  operator: ${stage} ${from} → ${to}, ${reason}: ${message}`;
}

export interface WatchOptions {
  readonly read: () => Promise<ScalerState[]>;
  readonly onScaling: (scaling: Scaling) => void;
  readonly signal: AbortSignal;
}

/** Shorter than a tick of the operator, so that none is missed. */
const LOOK_MS = 1_000;

/** Tells every change until it is aborted. */
export async function watchScalings({ read, onScaling, signal }: WatchOptions): Promise<void> {
  let before: ScalerState[] = [];
  while (!signal.aborted) {
    // An operator that is being started again has nothing to tell.
    const now = await read().catch(() => undefined);
    if (now) {
      for (const scaling of newScalings(before, now, new Date().toISOString())) onScaling(scaling);
      before = now;
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
