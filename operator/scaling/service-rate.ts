import { CERTAIN_DEVIATIONS } from './arrivals.ts';
import { type Look, sum } from './look.ts';
import { type MemberLook, membersOf } from './members.ts';

/**
 * What members settle that have more to do than they can, read from whole commits: for consumers that say nothing of
 * how busy they are. Newer evidence counts more; time without any takes nothing from it.
 */
export interface ServiceRate {
  /** By member id. */
  readonly runs: Readonly<Record<string, Run>>;
  /** What each member had settled at the last look, and when it last moved, or had nothing to do. */
  readonly moved: Readonly<Record<string, readonly [settled: number, at: number]>>;
  /** Records that members have settled while they had enough to do, and seconds of members that it took them. */
  readonly records: number;
  readonly seconds: number;
  /** Deviation of `seconds`: a look does not tell when within the time between two commits it came. */
  readonly doubt: number;
  /** When that last grew. */
  readonly at: number;
  /** The most that members were ever seen to settle, records per second of one: they can do that at least. */
  readonly most: number;
  /** What the last look has shown by itself. */
  readonly last: Shown | undefined;
}

/** Records per second of one of so many members that had enough to do. */
export interface Shown {
  readonly at: number;
  readonly perReplica: number;
  readonly replicas: number;
}

/** A member that has had enough to do since it last moved. */
export interface Run {
  /** Where it was at the last look that was counted, or at the first. */
  readonly at: number;
  readonly settled: number;
  /** What waited for it when it last moved. */
  readonly lag: number;
  /** It has been counted before: what it adds is a continuation, without another beginning to be unsure of. */
  readonly isCounted: boolean;
}

export const NO_SERVICE_RATE: ServiceRate = {
  runs: {},
  moved: {},
  records: 0,
  seconds: 0,
  doubt: 0,
  at: 0,
  most: 0,
  last: undefined,
};

/** Seconds of evidence after which what was before weighs 1/e. */
const MEMORY_SECONDS = 20;
/** Taken as the time between two commits where it is too short for looks to show. */
const COMMIT_SECONDS = 0.5;
/** What waits, over what is settled until the next look: less may be records that are being worked on. */
const WAITING = 1.25;
/** Fewer say nothing. */
const LEAST_RECORDS = 10;
/** Fewer, in one look, may be the beginning or the end of some work. */
const PACE_RECORDS = 25;
/** Until so much has been seen, replicas are not believed to be slower than they once were. */
const TRUSTED_SECONDS = 8;
/** Nor by more than this share, so long after it was seen: the most of many looks is chance in part. */
const FRESH_SECONDS = 60;
const LASTING_SHARE = 0.7;

/** The members of the group are others, or have other partitions; undefined: it is not known which. */
export const reassigned = (before: ServiceRate, look: Look | undefined, at: number): ServiceRate => ({
  ...before,
  runs: {},
  moved: Object.fromEntries((look ? membersOf(look) : []).map(({ id, settled }) => [id, [settled, at]])),
  last: undefined,
});

/**
 * Takes in one look at a group that has not changed since the one before. Offsets move in lumps: what is settled after
 * a commit is seen only with the next one, and a client that takes its partitions in turn leaves most of them standing
 * meanwhile. So a member is counted as a whole, and from one look at which it had moved to the next such look. It has
 * had enough to do if something waited in all of its partitions at both, and more than it settled.
 *
 * Each run begins and ends at some time between two commits that are g apart, so that its length is wrong by a deviation
 * of g / sqrt(6); all members alike, since those that have begun together commit together.
 */
export function withServed(
  before: ServiceRate,
  look: Look,
  { at, elapsedSeconds, isStarting = false }: LookTime,
): ServiceRate {
  const steps = membersOf(look).map((member) => stepOf(before, member, { at, elapsedSeconds }));
  const counted = isStarting ? [] : steps;
  const runs = Object.fromEntries(counted.flatMap(({ id, run }) => (run === undefined ? [] : [[id, run]])));
  const moved = Object.fromEntries(steps.map(({ id, moved }) => [id, moved]));
  const most = Math.max(before.most, paceOf(steps));
  const full = counted.flatMap(({ served }) => served ?? []);
  const replicas = sum(full.map((each) => each.replicas));
  if (replicas === 0) return { ...before, runs, moved, most, last: undefined };
  const records = sum(full.map((each) => each.records)) / replicas;
  const seconds = sum(full.map((each) => each.replicas * each.seconds)) / replicas;
  const doubt = sum(full.map((each) => each.replicas * each.doubt)) / replicas;
  const leastDoubt = COMMIT_SECONDS / Math.sqrt(12);
  const decay = Math.exp(-seconds / MEMORY_SECONDS);
  return {
    runs,
    moved,
    most,
    records: before.records * decay + records,
    seconds: before.seconds * decay + seconds,
    doubt: Math.max(before.doubt * decay + doubt, leastDoubt),
    last: { at, perReplica: records / seconds, replicas },
    at,
  };
}

/** When a look was taken. */
export interface LookTime {
  readonly at: number;
  /** Since the look before. */
  readonly elapsedSeconds: number;
  /** Replicas are starting: those there may have less of the machine for themselves, so that it does not count. */
  readonly isStarting?: boolean;
}

/** What one look shows of one member. */
interface Step {
  readonly id: string;
  readonly moved: readonly [settled: number, at: number];
  readonly run: Run | undefined;
  /** Records that it has settled since it last moved, and seconds of one replica that they took. */
  readonly settled: number;
  readonly took: number;
  /** A part of a run in which it had enough to do. */
  readonly served: Served | undefined;
}

interface Served {
  readonly records: number;
  readonly seconds: number;
  readonly replicas: number;
  /** Deviation of `seconds`. */
  readonly doubt: number;
}

function stepOf(
  before: ServiceRate,
  { id, settled, lag, allWait, replicas }: MemberLook,
  { at, elapsedSeconds }: LookTime,
): Step {
  const run = before.runs[id];
  const [settledBefore, movedAt] = before.moved[id] ?? [settled, at];
  const still = {
    id,
    moved: [settled, lag === 0 ? at : movedAt],
    settled: 0,
    took: 0,
    served: undefined,
  } as const;
  if (settled === settledBefore) return { ...still, run: allWait ? run : undefined };
  const records = settled - settledBefore;
  const moved = {
    ...still,
    moved: [settled, at],
    settled: records,
    took: replicas * (at - movedAt),
  } as const;
  if (!allWait) return { ...moved, run: undefined };
  if (run === undefined || run.lag < WAITING * records)
    return { ...moved, run: { at, settled, lag, isCounted: false } };
  if (settled - run.settled < LEAST_RECORDS * replicas) return { ...moved, run: { ...run, lag } };
  const between = at - movedAt > 1.5 * elapsedSeconds ? elapsedSeconds : COMMIT_SECONDS;
  const served = {
    records: settled - run.settled,
    seconds: at - run.at,
    replicas,
    doubt: run.isCounted ? 0 : between / Math.sqrt(6),
  };
  return { ...moved, run: { at, settled, lag, isCounted: true }, served };
}

/** Records per second of one of the members that have moved; 0: too few to tell. */
function paceOf(steps: readonly Step[]): number {
  const settled = sum(steps.map((step) => step.settled));
  return settled < PACE_RECORDS ? 0 : settled / sum(steps.map((step) => step.took));
}

/** What was measured is not what members can: as believed before. */
export function asBelieved(before: ServiceRate, { perReplica, deviation }: Pace): ServiceRate {
  const seconds = MEMORY_SECONDS;
  return { ...before, records: perReplica * seconds, seconds, doubt: deviation * seconds };
}

/** Records per second of one member, and how far off that may be, relative to it: a deviation. */
export interface Pace {
  readonly perReplica: number;
  readonly deviation: number;
}

/**
 * Undefined: nothing has been measured yet. Members can what they once were seen to do: wholly until they have been
 * measured for some seconds, since others that start beside them slow them down; as far as the measurement leaves that
 * open; and nearly so again once it is old, since what made them slow may be over and nothing would show it.
 */
export function servedBy({ records, seconds, doubt, most, at }: ServiceRate, now: number): Pace | undefined {
  if (records <= 0) return undefined;
  const [perReplica, deviation] = [records / seconds, doubt / seconds];
  const likely = Math.min(most, perReplica * (1 + CERTAIN_DEVIATIONS * deviation));
  const early = seconds < TRUSTED_SECONDS ? most : 0;
  const late = now - at > FRESH_SECONDS ? LASTING_SHARE * most : 0;
  return { perReplica: Math.max(perReplica, likely, early, late), deviation };
}
