import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervisor } from '../../services/local/supervisor/supervisor.ts';
import { longestGaps } from './gaps.ts';
import type { ColdStart } from './new-processes.ts';
import { followStarts, rebalancesOf } from './new-processes.ts';
import type { SettledWatch } from './settled-watch.ts';

/** One change of the replicas, and what it did. Times in ms. */
export interface Change {
  readonly from: number;
  readonly to: number;
  /** Of each partition, in the order of the gaps: whether it has another owner after the change. */
  readonly moved: readonly boolean[];
  /** Longest gap of each partition in the steady load before it. */
  readonly steadyGaps: readonly number[];
  /**
   * Longest gap of each partition to the end of the steady load after it, of those that end when the group rebalances
   * or later: on a machine with few cores the start of the new processes costs the old ones time before that too, and
   * that is no matter of the group.
   */
  readonly rebalanceGaps: readonly number[];
  readonly rebalances: number;
  /** From the order until the last process was up and had settled something, or had left. */
  readonly tookMs: number;
  readonly coldStarts: readonly ColdStart[];
  readonly loadAverage: number;
}

/** The gaps of a rebalance of those partitions that it moves, or leaves where they are. */
export function gapsWhere({ rebalanceGaps, moved }: Change, isMoved: boolean): number[] {
  return rebalanceGaps.filter((_, index) => moved[index] === isMoved);
}

export interface ChangeContext {
  readonly supervisor: Supervisor;
  readonly stage: string;
  readonly watch: SettledWatch;
  /** Which member of the stage's group has each partition. */
  readonly owners: () => Promise<ReadonlyMap<number, string>>;
  readonly holdSeconds: number;
}

/** A heartbeat interval and two round trips. */
const JOIN_MS = 400;
const START_TIMEOUT_MS = 60_000;
/** What is settled comes to the watch a little later. */
const ARRIVAL_MS = 1_000;

/** Under steady load: holds, changes the replicas, holds again. */
export async function change(context: ChangeContext, from: number, to: number): Promise<Change> {
  const { supervisor, stage, watch, owners, holdSeconds } = context;
  await sleep(holdSeconds * 1_000);
  const known = new Set((await supervisor.view(stage)).processes.map(({ name }) => name));
  const before = await rebalancesOf(supervisor, stage);
  const had = await owners();
  const [orderedAt, began] = [Date.now(), performance.now()];
  await supervisor.scale(stage, to);
  const coldStarts = await followStarts(supervisor, stage, { known, began, timeoutMs: START_TIMEOUT_MS });
  const tookMs = performance.now() - began;
  await sleep(holdSeconds * 1_000);
  const endedAt = Date.now();
  await sleep(ARRIVAL_MS);
  const has = await owners();
  return {
    from,
    to,
    moved: [...watch.times.keys()].map((partition) => had.get(partition) !== has.get(partition)),
    steadyGaps: longestGaps(watch.times, {
      fromMs: orderedAt - (holdSeconds - 1) * 1_000,
      toMs: orderedAt,
    }),
    rebalanceGaps: longestGaps(watch.times, { fromMs: orderedAt + joinBegins(coldStarts), toMs: endedAt }),
    rebalances: (await rebalancesOf(supervisor, stage)) - before,
    tookMs,
    coldStarts,
    loadAverage: loadavg()[0]!,
  };
}

/** The others notice a new member by a heartbeat, and join again, before it is one. ms after the order. */
function joinBegins(coldStarts: readonly ColdStart[]): number {
  const first = Math.min(...coldStarts.map(({ readyMs }) => readyMs));
  return Number.isFinite(first) ? Math.max(0, first - JOIN_MS) : 0;
}
