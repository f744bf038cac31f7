import type { ReplicaReading } from '../scaling/types.ts';
import type { ScaleTarget } from './ports.ts';

/** The replicas of each target, or why they are not known. Never rejects. */
export type ReadTargets = (targets: readonly ScaleTarget[]) => Promise<readonly (ReplicaReading | Error)[]>;

export interface TargetReaderOptions {
  /** ms that one reading may take. */
  readonly timeoutMs: number;
  /** ms of a monotonic clock. */
  readonly now: () => number;
}

/** Shorter failures pass unnoticed: what was learned of a stage is not to be lost for one missing answer. */
const REMEMBERED_MS = 10_000;

/** Reads targets in time; one that fails is taken to be as it was for another 10 s. */
export function createTargetReader({ timeoutMs, now }: TargetReaderOptions): ReadTargets {
  const remembered = new WeakMap<ScaleTarget, { readonly reading: ReplicaReading; readonly atMs: number }>();
  const readOne = async (target: ScaleTarget, passed: Promise<never>): Promise<ReplicaReading | Error> => {
    try {
      const reading = await Promise.race([target.read(), passed]);
      remembered.set(target, { reading, atMs: now() });
      return reading;
    } catch (error) {
      const last = remembered.get(target);
      if (last && now() - last.atMs < REMEMBERED_MS) return last.reading;
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  return async (targets) => {
    const { promise: passed, reject } = Promise.withResolvers<never>();
    passed.catch(() => {});
    const late = new Error(`the replicas were not read in ${timeoutMs} ms`);
    const timer = setTimeout(() => reject(late), timeoutMs);
    try {
      return await Promise.all(targets.map((target) => readOne(target, passed)));
    } finally {
      clearTimeout(timer);
    }
  };
}
