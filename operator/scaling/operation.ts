import { SETTINGS } from './settings.ts';
import type { ReplicaReading } from './types.ts';

/** Changes of the replica count: what was asked for, what is under way, and when the last ones were. */
export interface Operation {
  /** As the platform last told. */
  readonly desired: number;
  /** As last decided, and when that was first so. */
  readonly decided: number;
  readonly decidedAt: number;
  /** A change whose replicas have not all come or gone. */
  readonly underway: { readonly at: number; readonly from: number; readonly to: number } | undefined;
  readonly lastUpAt: number | undefined;
  readonly lastDownAt: number | undefined;
  /** When a change by somebody else was last seen. */
  readonly byHandAt: number | undefined;
  /** Seconds from asking for replicas to having them, newest last. */
  readonly coldStarts: readonly number[];
}

export const noOperation = (replicas: number): Operation => ({
  desired: replicas,
  decided: replicas,
  decidedAt: 0,
  underway: undefined,
  lastUpAt: undefined,
  lastDownAt: undefined,
  byHandAt: undefined,
  coldStarts: [],
});

/**
 * Takes in what the platform tells of the replicas. A count that is neither what was last decided nor what was there
 * before has been set by hand: it is accepted as where to go on from.
 *
 * `members`: of the consumer group; undefined when not known. Replicas have come when they are ready and have joined.
 */
export function withReplicas(
  before: Operation,
  replicas: ReplicaReading,
  at: number,
  members: number | undefined,
): Operation {
  const operation = replicas.desired === before.desired ? before : changed(before, replicas.desired, at);
  const { underway } = operation;
  if (underway === undefined) return operation;
  const seconds = at - underway.at;
  if (seconds > SETTINGS.startTimeout) return { ...operation, underway: undefined };
  if (underway.to < underway.from) {
    return replicas.ready > underway.to ? operation : { ...operation, underway: undefined };
  }
  const joined = members === undefined || members >= underway.to || seconds > 2 * coldStartSeconds(operation);
  if (replicas.ready < underway.to || !joined) return operation;
  return { ...operation, underway: undefined, coldStarts: [...operation.coldStarts, seconds].slice(-KEPT) };
}

function changed(before: Operation, desired: number, at: number): Operation {
  const byHand = desired !== before.decided;
  const up = desired > before.desired;
  return {
    ...before,
    desired,
    decided: desired,
    byHandAt: byHand ? at : before.byHandAt,
    underway: { at: byHand ? at : before.decidedAt, from: before.desired, to: desired },
    lastUpAt: up ? at : before.lastUpAt,
    lastDownAt: up ? before.lastDownAt : at,
  };
}

/** Notes what has been decided now. */
export function withDecision(before: Operation, replicas: number, at: number): Operation {
  if (replicas === before.decided) return before;
  return { ...before, decided: replicas, decidedAt: at };
}

const KEPT = 8;

/** Seconds from asking for a replica until it works: the 90th percentile of the last few. */
export function coldStartSeconds({ coldStarts }: Operation): number {
  if (coldStarts.length === 0) return SETTINGS.coldStartSeed;
  const sorted = coldStarts.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.9 * sorted.length) - 1] ?? SETTINGS.coldStartSeed;
}
