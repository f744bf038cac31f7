import { expect, test } from 'vitest';
import { readLook, type Look } from './look.ts';
import { interrupted, NO_SATURATION, type Saturation, withStretch } from './saturation.ts';
import { knownLag } from './test-observations.ts';

/** Two members with two partitions each; `settle` records per second and partition, `lag` behind. */
function watch(
  seconds: number,
  settle: readonly number[],
  lag: readonly number[],
  from: Saturation = NO_SATURATION,
) {
  let state = from;
  for (let at = 0; at <= seconds; at += 2) {
    const positions = settle.map((rate) => 1_000 + rate * at);
    const ends = positions.map((position, index) => position + lag[index]!);
    const look = readLook(
      knownLag({ ends, committed: positions, members: 2 }),
      'earliest',
      undefined,
    ) as Look;
    state = withStretch(state, look, at, 2);
  }
  return state;
}

test.each([
  ['the median of saturated replicas', [20, 30, 20, 30], [500, 500, 500, 500], 60],
  ['only replicas all of whose partitions were saturated', [20, 30, 20, 30], [500, 500, 500, 0], 40],
  ['nothing when something ran dry everywhere', [20, 30, 20, 30], [500, 0, 0, 500], undefined],
  [
    'nothing when the lag is only what lies between two commits',
    [20, 30, 20, 30],
    [39, 59, 39, 59],
    undefined,
  ],
  ['nothing when nothing was settled', [0, 0, 0, 0], [500, 500, 500, 500], undefined],
])('what a replica can: %s', (_, settle, lag, perReplica) => {
  expect(watch(4, settle, lag).perReplica).toBe(perReplica);
});

test('tells throughput and the share of saturated partitions', () => {
  expect(watch(4, [20, 30, 20, 30], [500, 500, 500, 0]).last).toEqual({
    at: 4,
    since: 0,
    throughput: 100,
    share: 0.75,
  });
});

test('a stretch that is interrupted shows nothing', () => {
  const half = watch(2, [20, 30, 20, 30], [500, 500, 500, 500]);
  expect(interrupted(half)).toMatchObject({ since: undefined, quietSince: undefined });
  expect(watch(2, [20, 30, 20, 30], [500, 500, 500, 500], interrupted(half)).perReplica).toBeUndefined();
});

test('a stretch begins anew when there is enough to do at last', () => {
  const idle = watch(2, [20, 20, 20, 20], [0, 0, 0, 0]);
  expect(idle.since).toBe(0);
  const busy = watch(4, [20, 20, 20, 20], [500, 500, 500, 500], {
    ...idle,
    since: -2,
    leastLags: [0, 0, 0, 0],
  });
  expect(busy.perReplica).toBe(40);
});

test('later measurements are smoothed in', () => {
  const first = watch(4, [20, 20, 20, 20], [500, 500, 500, 500]);
  const second = watch(8, [30, 30, 30, 30], [900, 900, 900, 900], interrupted(first));
  expect([first.perReplica, second.perReplica]).toEqual([40, 50]);
});

test('without known assignments, all of it over all members', () => {
  let state = NO_SATURATION;
  for (const at of [0, 2, 4]) {
    const lag = knownLag({ ends: [9_000, 9_000], committed: [100 + 20 * at, 100 + 30 * at], members: 2 });
    const members = lag.group.members.map(({ id }) => ({ id, assigned: undefined }));
    state = withStretch(
      state,
      readLook({ ...lag, group: { ...lag.group, members } }, 'earliest', undefined) as Look,
      at,
      2,
    );
  }
  expect(state.perReplica).toBe(25);
});
