import type { LoadPlan, LoadReport } from '../load-driver/protocol.ts';
import { driveLoad } from './drive-load.ts';

export interface SyncOutcome {
  readonly seconds: number;
  readonly completed: number;
  readonly completedPerSecond: number;
  readonly refused: number;
  readonly failed: number;
  /** Of the reply, which is the whole transaction. */
  readonly reply: { readonly p50Ms: number | null; readonly p99Ms: number | null };
}

export interface SyncStepOptions {
  readonly plan: LoadPlan;
  readonly signal: AbortSignal;
  readonly onReport: (report: LoadReport) => void;
}

/** The same users and payments against the synchronous twin. */
export async function runSyncStep({ plan, signal, onReport }: SyncStepOptions): Promise<SyncOutcome> {
  const { elapsedSeconds, total } = await driveLoad(plan, { signal, onReport });
  const completed = total.succeeded + total.rejected;
  return {
    seconds: elapsedSeconds,
    completed,
    completedPerSecond: completed / elapsedSeconds,
    refused: total.refused,
    failed: total.failed,
    reply: total.latency,
  };
}
