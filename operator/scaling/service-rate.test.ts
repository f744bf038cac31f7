import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLook, type Look } from './look.ts';
import {
  asBelieved,
  NO_SERVICE_RATE,
  reassigned,
  type ServiceRate,
  servedBy,
  withServed,
} from './service-rate.ts';
import { knownLag } from './test-observations.ts';

const TICK = 2;

/** Positions and lags of four partitions at one look; two members have two each. */
const lookAt = (positions: readonly number[], lags: readonly number[]): Look =>
  readLook(
    knownLag({
      ends: positions.map((position, index) => position + lags[index]!),
      committed: positions,
      members: 2,
    }),
    'earliest',
    undefined,
  ) as Look;

/** Looks at positions that move as told, with so much waiting in each partition. */
function watch(
  seconds: number,
  positionsAt: (at: number) => readonly number[],
  lags: readonly number[],
  from: ServiceRate = NO_SERVICE_RATE,
): ServiceRate {
  let state = reassigned(from, lookAt(positionsAt(0), lags), 0);
  for (let at = TICK; at <= seconds; at += TICK)
    state = withServed(state, lookAt(positionsAt(at), lags), { at, elapsedSeconds: TICK });
  return state;
}

const FULL = [200, 200, 200, 200];
const evenly =
  (...rates: readonly number[]) =>
  (at: number): readonly number[] =>
    rates.map((rate) => 1_000 + rate * at);

/** A member's partitions in turn: so many records of one, then of the other; a lump is committed when it is done. */
const inTurn =
  (perSecond: number, lump: number, offset: number) =>
  (at: number): readonly number[] => {
    const lumps = Math.floor(((at + offset) * perSecond) / lump);
    const [one, other] = [1_000 + Math.ceil(lumps / 2) * lump, 1_000 + Math.floor(lumps / 2) * lump];
    return [one, one, other, other];
  };

test.each([
  ['by members all of whose partitions wait', evenly(20, 30, 20, 30), FULL, 50],
  ['not by one that has run dry', evenly(20, 30, 20, 50), [200, 200, 200, 0], 40],
  ['by nobody where something ran dry everywhere', evenly(20, 30, 20, 30), [200, 0, 0, 200], 0],
  ['by nobody where all that waited was settled', evenly(20, 30, 20, 30), [49, 74, 49, 74], 0],
  ['by nobody where nothing was settled', evenly(0, 0, 0, 0), FULL, 0],
  ['by nobody where next to nothing was', evenly(0.2, 0.2, 0.2, 0.2), FULL, 0],
  ['however long it takes', evenly(1, 1, 1, 1), FULL, 2],
  ['though partitions stand still in turn', inTurn(40, 20, 0), FULL, 40],
] as const)('what a member settles is read: %s', (_, positionsAt, lags, perReplica) => {
  const { perReplica: read = 0 } = servedBy(watch(20, positionsAt, lags), 20) ?? {};
  expect(read).toBeCloseTo(perReplica, -0.5);
});

test('whole commits count: lumps of any size and phase are off by no more than what is said to be uncertain', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 200 }),
      fc.double({ min: 0.1, max: 0.6, noNaN: true }),
      fc.double({ min: 0, max: 60, noNaN: true }),
      fc.integer({ min: 8, max: 60 }),
      (perSecond, lumpSeconds, offset, seconds) => {
        const lump = Math.max(1, Math.round(perSecond * lumpSeconds));
        const lags = FULL.map(() => 10 * perSecond);
        const { perReplica, deviation } = servedBy(
          { ...watch(seconds, inTurn(perSecond, lump, offset), lags), most: 0 },
          seconds,
        )!;
        // Both ends of a run may be off by a whole lump.
        const worst = 2 * Math.sqrt(6) * 0.6 * 2 * deviation + 0.05;
        expect(Math.abs(perReplica / perSecond - 1)).toBeLessThan(worst);
      },
    ),
    { numRuns: 300 },
  );
});

test('is the surer the longer it has been watched, and only what is new counts once it has changed', () => {
  const short = watch(6, evenly(20, 20, 20, 20), FULL);
  const long = watch(20, evenly(20, 20, 20, 20), FULL);
  expect(servedBy(short, 6)!.deviation).toBeGreaterThan(2 * servedBy(long, 20)!.deviation);
  const slower = watch(60, evenly(10, 10, 10, 10), FULL, { ...long, most: 0 });
  expect(servedBy(slower, 60)!.perReplica).toBeCloseTo(20, -0.5);
});

test('what a member was once seen to settle it can do, as far as the measurement leaves that open', () => {
  const seen = { ...NO_SERVICE_RATE, records: 300, seconds: 10, doubt: 0.5, most: 32 };
  expect(servedBy(seen, 0)!.perReplica).toBe(32);
  expect(servedBy({ ...seen, most: 60 }, 0)!.perReplica).toBeCloseTo(33);
  expect(servedBy({ ...seen, doubt: 0.1 }, 0)!.perReplica).toBeCloseTo(30.6);
});

test('what slows members for some seconds is not what they can, nor for long after it was seen', () => {
  const busy = watch(6, evenly(20, 20, 20, 20), [1, 0, 1, 0]);
  expect(busy.most).toBe(40);
  expect(servedBy(busy, 6)).toBeUndefined();
  const early = { ...busy, at: 12, records: 12, seconds: 6, doubt: 0.2 };
  expect(servedBy(early, 12)!.perReplica).toBe(40);
  const later = { ...busy, at: 20, records: 18, seconds: 9, doubt: 0.2 };
  expect(servedBy(later, 80)!.perReplica).toBeLessThan(3);
  expect(servedBy(later, 81)!.perReplica).toBeCloseTo(28);
});

test('while replicas are starting, what the others settle shows only what they can at least', () => {
  const before = watch(4, evenly(20, 20, 20, 20), FULL);
  const look = lookAt(evenly(20, 20, 20, 20)(6), FULL);
  const starting = withServed(before, look, { at: 6, elapsedSeconds: TICK, isStarting: true });
  expect(starting).toMatchObject({ records: before.records, runs: {}, last: undefined, most: 40 });
  expect(withServed(before, look, { at: 6, elapsedSeconds: TICK }).records).toBeGreaterThan(before.records);
});

test('time in which there was nothing to do is not time in which little was done', () => {
  const idle = watch(20, evenly(0, 0, 0, 0), [0, 0, 0, 0]);
  const woken = withServed(idle, lookAt([1_030, 1_030, 1_030, 1_030], FULL), {
    at: 22,
    elapsedSeconds: TICK,
  });
  expect(woken.most).toBe(30);
  const behind = watch(20, evenly(0, 0, 0, 0), [1, 0, 1, 0]);
  expect(
    withServed(behind, lookAt([1_030, 1_000, 1_030, 1_000], FULL), { at: 22, elapsedSeconds: TICK }).most,
  ).toBeCloseTo(60 / 22);
});

test('a group that has changed begins anew, and keeps what it has shown', () => {
  const before = watch(10, evenly(20, 20, 20, 20), FULL);
  const after = reassigned(before, lookAt(evenly(20, 20, 20, 20)(12), FULL), 12);
  expect(after).toMatchObject({ runs: {}, last: undefined, most: before.most });
  expect(servedBy(after, 12)).toEqual(servedBy(before, 12));
  // The first move may have begun late.
  const next = withServed(after, lookAt(evenly(20, 20, 20, 20)(13), FULL), { at: 14, elapsedSeconds: TICK });
  expect(servedBy(next, 14)).toEqual(servedBy(before, 14));
});

test('where it is not known who has which partition, all members count as one that many times over', () => {
  const hidden = (at: number): Look => {
    const look = lookAt(evenly(20, 20, 20, 20)(at), FULL);
    const members = look.group.members.map(({ id }) => ({ id, assigned: undefined }));
    return { ...look, group: { ...look.group, members } };
  };
  let state = reassigned(NO_SERVICE_RATE, hidden(0), 0);
  for (let at = TICK; at <= 10; at += TICK)
    state = withServed(state, hidden(at), { at, elapsedSeconds: TICK });
  expect(servedBy(state, 10)!.perReplica).toBeCloseTo(40);
});

test('what turned out to be a limit of something shared is not taken for what a member can', () => {
  const limited = watch(20, evenly(5, 5, 5, 5), FULL);
  const { perReplica, deviation } = servedBy(
    { ...asBelieved(limited, { perReplica: 40, deviation: 0.02 }), most: 0 },
    20,
  )!;
  expect(perReplica).toBeCloseTo(40);
  expect(deviation).toBeCloseTo(0.02);
});
