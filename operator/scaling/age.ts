import type { Look } from './look.ts';

/** End offsets of every partition at one look. */
export type Mark = readonly [at: number, ends: readonly number[]];

/** Two neighbours of a mark may lie this far apart, or this share of its age, before it is needed between them. */
const SPACING_SECONDS = 3;
const SPACING_SHARE = 0.5;
const SPAN_SECONDS = 900;

/** How old the oldest event was at one look, in seconds. */
export type PastAge = readonly [at: number, age: number];

/** How long ages are remembered: two stretches in which a pace is judged. */
const AGES_SECONDS = 20;

/** Adds the present age; nothing is left of what was before one that is not known. */
export function withAge(ages: readonly PastAge[], at: number, age: number | undefined): readonly PastAge[] {
  if (age === undefined) return [];
  return [...ages.filter(([seen]) => at - seen <= AGES_SECONDS), [at, age]];
}

/** Adds a mark and thins out the older ones, so that a dozen or two reach back a quarter of an hour. */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const kept: Mark[] = [];
  for (const [index, each] of marks.entries()) {
    const age = mark[0] - each[0];
    if (age > SPAN_SECONDS) continue;
    const older = kept.at(-1);
    const newer = marks[index + 1] ?? mark;
    const needed =
      older === undefined || newer[0] - older[0] > Math.max(SPACING_SECONDS, SPACING_SHARE * age);
    if (needed) kept.push(each);
  }
  kept.push(mark);
  return kept;
}

/**
 * Seconds the oldest record that has not been settled has been waiting: the time since the end of its partition was
 * where the group is now, interpolated between marks and extrapolated beyond the oldest. Undefined when something
 * waits and there is nothing to tell by.
 *
 * Source: the lookup table of kafka-lag-exporter (LookupTable.scala).
 */
export function ageSeconds(
  { positions, lags }: Look,
  marks: readonly Mark[],
  at: number,
): number | undefined {
  let oldest = 0;
  for (const [partition, lag] of lags.entries()) {
    if (lag <= 0) continue;
    const since = writtenAt(marks, partition, positions[partition] ?? 0);
    if (since === undefined) return undefined;
    oldest = Math.max(oldest, at - since);
  }
  return oldest;
}

/** When the record at `offset` was written. */
function writtenAt(marks: readonly Mark[], partition: number, offset: number): number | undefined {
  const after = marks.findIndex(([, ends]) => (ends[partition] ?? 0) > offset);
  const later = marks[after === -1 ? marks.length - 1 : after];
  const earlier = marks[after - 1];
  if (later === undefined) return undefined;
  if (earlier !== undefined) return between(earlier, later, partition, offset);
  const last = marks.at(-1);
  if (last === undefined || last === later) return undefined;
  const rate = ((last[1][partition] ?? 0) - (later[1][partition] ?? 0)) / (last[0] - later[0]);
  const extrapolated = rate > 0 ? ((later[1][partition] ?? 0) - offset) / rate : 0;
  return later[0] - Math.min(SPAN_SECONDS, extrapolated);
}

function between([from, before]: Mark, [to, after]: Mark, partition: number, offset: number): number {
  const [low, high] = [before[partition] ?? 0, after[partition] ?? 0];
  return from + ((to - from) * (offset - low)) / (high - low);
}
