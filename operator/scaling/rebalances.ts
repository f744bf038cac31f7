import { SETTINGS } from './settings.ts';
import type { Look } from './look.ts';

/** Rebalances of the group, as far as looks show them. */
export interface Rebalances {
  readonly membership: number | undefined;
  /** Since when the group has been rebalancing, look by look. */
  readonly since: number | undefined;
  readonly lastAt: number | undefined;
  readonly count: number;
  /** Seconds that looks have found the group rebalancing, over the rebalances counted; older ones weigh less. */
  readonly seconds: number;
  readonly weight: number;
}

export const NO_REBALANCES: Rebalances = {
  membership: undefined,
  since: undefined,
  lastAt: undefined,
  count: 0,
  seconds: SETTINGS.rebalanceSeed,
  weight: 1,
};

/** Weight that a rebalance keeps when the next one is seen. */
const MEMORY = 0.8;
/** What a pause is longer than the group's state shows: the fetch before and the commit after. */
const UNSEEN_SECONDS = 0.5;

/** When a look was taken, and whether the replica count had changed since the one before. */
export interface GroupTime {
  readonly at: number;
  readonly elapsedSeconds: number;
  readonly isReordered?: boolean;
}

/**
 * Takes in one look: a rebalance has begun when the group says so, or when other members are in it. Replicas that are
 * ordered while it lasts make the group begin another, without a look in between at which it was settled.
 */
export function withGroup(
  before: Rebalances,
  look: Look,
  { at, elapsedSeconds, isReordered = false }: GroupTime,
): Rebalances {
  const { membership } = before;
  const joined = membership !== undefined && look.membership !== membership && look.members > 0;
  const seen = look.rebalancing
    ? { ...before, since: before.since ?? at, lastAt: at, seconds: before.seconds + elapsedSeconds }
    : { ...before, since: undefined, lastAt: joined ? at : before.lastAt, membership: look.membership };
  const begun = before.since === undefined ? look.rebalancing || joined : look.rebalancing && isReordered;
  return begun ? counted(seen, before) : seen;
}

/** One more rebalance; those before weigh less. */
const counted = (seen: Rebalances, before: Rebalances): Rebalances => ({
  ...seen,
  count: before.count + 1,
  seconds: seen.seconds - before.seconds + before.seconds * MEMORY,
  weight: before.weight * MEMORY + 1,
});

/**
 * Seconds a rebalance stops the group. Looks are further apart than most rebalances last, but a rebalance of d
 * seconds is met by d / interval looks on average, so (looks that met one x interval) / rebalances is unbiased.
 */
export const rebalanceSeconds = ({ seconds, weight }: Rebalances): number =>
  UNSEEN_SECONDS + seconds / weight;
