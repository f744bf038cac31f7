import type { Look } from './look.ts';

/** How often offsets of partitions with work move; older looks weigh less. */
export interface Commits {
  readonly moved: number;
  readonly lookedAtSeconds: number;
  /** When each partition's offset last moved, or had no reason to. */
  readonly movedAt: readonly number[];
}

export const NO_COMMITS: Commits = { moved: 0, lookedAtSeconds: 0, movedAt: [] };

const MEMORY = 0.95;

/** Takes in one look; one of a group that is rebalancing says nothing. */
export function withCommits(
  before: Commits,
  { positions, lags, rebalancing }: Look,
  positionsBefore: readonly number[] | undefined,
  { at, elapsedSeconds }: { at: number; elapsedSeconds: number },
): Commits {
  if (positionsBefore === undefined || rebalancing) return { ...before, movedAt: positions.map(() => at) };
  let moved = 0;
  let working = 0;
  const movedAt = positions.map((position, index) => {
    const moves = position !== positionsBefore[index];
    const works = moves || (lags[index] ?? 0) > 0;
    if (moves) moved++;
    if (works) working++;
    return moves || !works ? at : (before.movedAt[index] ?? at);
  });
  return {
    moved: before.moved * MEMORY + moved,
    lookedAtSeconds: before.lookedAtSeconds * MEMORY + working * elapsedSeconds,
    movedAt,
  };
}

/** Seconds between two moves of a partition with work, as far as looks show it: at least their own distance. */
export const commitSeconds = ({ moved, lookedAtSeconds }: Commits): number =>
  moved > 0 ? lookedAtSeconds / moved : 2;
