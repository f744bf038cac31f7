import { expect, test } from 'vitest';
import { NO_SURGE } from './need.ts';
import { type Sizing, sizedOf } from './sizing.ts';
import { newScalerState, type ScalerState } from './state.ts';
import { running, spec } from './test-observations.ts';

const AT = 1_000;
const sizing: Sizing = {
  plan: { soon: 300, sizing: 300, ahead: 300, open: 0, surge: NO_SURGE, because: 'arrivals' },
  backlog: 500,
  standing: 0,
  shares: undefined,
  worth: undefined,
  perReplica: { likely: 40, least: 40 },
  feedsBottleneck: false,
};

/** One of `desired` replicas is ready, of 24 partitions; a start takes 4 s, a rebalance 1.5 s. */
function waiting(desired: number, underway: ScalerState['operation']['underway']) {
  const replicas = running(desired, { ready: 1 });
  const before = newScalerState(0, replicas, { coldStarts: [4] });
  const ends = Array.from({ length: 24 }, () => 1);
  const memory: ScalerState = {
    ...before,
    at: AT,
    offsets: { topology: 'topic:24', ends, committed: [], positions: [] },
    operation: { ...before.operation, underway },
  };
  const { backlogIfKept, backlogIfChanged } = sizedOf(sizing, spec(), replicas, memory).demand;
  return { backlogIfKept, backlogIfChanged };
}

test.each([
  // 260/s too much for 4 s, and 300/s while the group stops.
  ['nobody is starting', 1, undefined, { backlogIfKept: 500, backlogIfChanged: 500 + 260 * 4 + 450 }],
  // Those come in 2 s; with them it is 60/s too much, until what is ordered now has come.
  [
    'others are starting',
    6,
    { at: AT - 2, from: 1, to: 6 },
    { backlogIfKept: 500 + 260 * 2 + 450, backlogIfChanged: 500 + 260 * 2 + 60 * 2 + 450 },
  ],
  [
    'others have just been ordered',
    6,
    { at: AT, from: 1, to: 6 },
    { backlogIfKept: 500 + 260 * 4 + 450, backlogIfChanged: 500 + 260 * 4 + 450 },
  ],
  [
    'others should have come long ago',
    6,
    { at: AT - 40, from: 1, to: 6 },
    { backlogIfKept: 500 + 260 * 10 + 450, backlogIfChanged: 500 + 260 * 4 + 450 },
  ],
])('what will be waiting, where %s', (_, desired, underway, expected) => {
  expect(waiting(desired, underway)).toEqual(expected);
});
