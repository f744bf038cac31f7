import type { RedrivenLetter } from '../../store/pg/dlq.ts';

export interface RedriveOptions {
  /** Redrives up to `limit` dead letters after `afterId`, in order of id; an empty list is the end. */
  readonly step: (afterId: string, limit: number) => Promise<readonly RedrivenLetter[]>;
  readonly perSecond: number;
  /** Called after each step with the number so far. */
  readonly onStep: (done: number) => void;
  /** Aborted: end after the present step. */
  readonly signal: AbortSignal;
  /** Monotonic clock, ms. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface RedriveResult {
  readonly done: number;
  /** Number by topic and cause. */
  readonly groups: ReadonlyMap<string, number>;
  /** Ended by the signal, before there was nothing left. */
  readonly interrupted: boolean;
}

const TICK_MS = 100;
const STEP_MAX = 500;

/**
 * Redrives at a steady rate: never more in all than the time that has gone by allows, a tenth of a second's worth
 * at once. What was held up is not made up for in a burst.
 */
export async function redrive(options: RedriveOptions): Promise<RedriveResult> {
  const { perSecond, signal, now = () => performance.now(), sleep = pause } = options;
  const stepSize = Math.min(STEP_MAX, Math.max(1, Math.floor((perSecond * TICK_MS) / 1_000)));
  const groups = new Map<string, number>();
  let done = 0;
  let afterId = '0';
  while (!signal.aborted) {
    const startMs = now();
    const letters = await options.step(afterId, stepSize);
    if (letters.length === 0) return { done, groups, interrupted: false };
    for (const { topic, cause } of letters) {
      const group = `${topic}\0${cause}`;
      groups.set(group, (groups.get(group) ?? 0) + 1);
    }
    done += letters.length;
    afterId = letters.at(-1)!.id;
    options.onStep(done);
    const dueMs = startMs + (letters.length / perSecond) * 1_000;
    await sleep(Math.max(0, dueMs - now()));
  }
  return { done, groups, interrupted: true };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
