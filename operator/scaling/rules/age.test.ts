import { expect, test } from 'vitest';
import { NO_SATURATION, type Saturation } from '../saturation.ts';
import { PROFILES } from '../settings.ts';
import type { Knowledge, Situation } from '../situation.ts';
import { newScalerState } from '../state.ts';
import { running, spec } from '../test-observations.ts';
import { oldEvents } from './age.ts';

const AT = 1_000;
const quiet: Saturation = { ...NO_SATURATION, quietSince: AT - 30, since: AT - 2 };
const ended: Saturation = { ...quiet, last: { at: AT, since: AT - 8, throughput: 100, share: 1 } };

/** Four replicas of 24 partitions; a start takes 4 s, a rebalance 1.5 s. 1,000 records waited 8 s ago. */
type Seen = readonly [age: number, then: number, lag: number, saturation: Saturation];

function situation([age, then, lag, saturation]: Seen): Situation {
  return {
    at: AT,
    spec: spec({ maxAgeSeconds: 10 }),
    profile: PROFILES.balanced,
    replicas: running(4),
    memory: {
      ...newScalerState(0, running(4)),
      at: AT,
      samples: [[AT - 8, 10_000, 9_000]],
      ages: [[AT - 8, then]],
      saturation,
    },
    unknown: undefined,
    known: {
      age,
      look: { lag, partitions: Array.from({ length: 24 }) },
      troubled: { hot: [], poisoned: [] },
    } as unknown as Knowledge,
    upstream: [],
    activeAt: AT,
    knownSince: 0,
    restless: false,
  };
}

test.each([
  ['not old', [8, 4, 1_000, ended], undefined],
  ['old, and no older than they were', [9.5, 9.6, 1_000, ended], undefined],
  ['older and older, and late before more replicas would work', [9.5, 8.5, 1_000, ended], 5],
  ['older and older, and in time even then', [9, 8, 1_000, ended], undefined],
  ['older and older, but ever fewer', [9.5, 8.5, 500, ended], undefined],
  ['older and older, and nothing is known of a whole stretch', [9.5, 8.5, 1_000, quiet], undefined],
  ['late', [11, 11, 1_000, ended], 5],
  ['late, though no stretch has ended', [11, 11, 1_000, quiet], 5],
  ['late, after a change', [11, 11, 1_000, { ...quiet, quietSince: AT - 4 }], undefined],
] as const)('events are %s', (_, seen, replicas) => {
  expect(oldEvents(situation(seen))?.replicas).toBe(replicas);
});
