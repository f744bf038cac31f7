import type { ReplicaReading } from '../scaling/types.ts';
import type { ScaleTarget } from './ports.ts';

/** The replicas of a target, or why they are not known. Never rejects. */
export type ReadTarget = (target: ScaleTarget) => Promise<ReplicaReading | Error>;

export interface TargetReaderOptions {
  /** ms that one reading may take. */
  readonly timeoutMs: number;
  /** ms of a monotonic clock. */
  readonly now: () => number;
}

/** Shorter failures pass unnoticed: what was learned of a stage is not to be lost for one missing answer. */
const REMEMBERED_MS = 10_000;

/** Reads targets in time; one that fails is taken to be as it was for another 10 s. */
export function createTargetReader({ timeoutMs, now }: TargetReaderOptions): ReadTarget {
  const remembered = new WeakMap<ScaleTarget, { readonly reading: ReplicaReading; readonly atMs: number }>();
  return async (target) => {
    try {
      const reading = await inTime(target.read(), timeoutMs);
      remembered.set(target, { reading, atMs: now() });
      return reading;
    } catch (error) {
      const last = remembered.get(target);
      if (last && now() - last.atMs < REMEMBERED_MS) return last.reading;
      return error instanceof Error ? error : new Error(String(error));
    }
  };
}

async function inTime<Value>(value: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the replicas were not read in ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([value, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
