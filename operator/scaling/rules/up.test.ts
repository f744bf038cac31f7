import { expect, test } from 'vitest';
import { PROFILES } from '../settings.ts';
import type { Situation } from '../situation.ts';
import { newScalerState } from '../state.ts';
import { running, spec } from '../test-observations.ts';
import { sized } from '../test-sizes.ts';
import { moreReplicas, shortageOf } from './up.ts';

const deadlines = [{ ageSeconds: 5, withinSeconds: 20, arrivingPerSecond: 100, ifOlderThan: 0 }];

test.each([
  ['the load is too much', { plannedPerSecond: 165, capacityPerReplica: 42 }, true],
  ['the load may be too much, and may not', { plannedPerSecond: 165, capacityPerReplica: 50 }, undefined],
  // 4 x 40/s leave 800 records harmless, and work 1,136 off in 20 s.
  ['a backlog is too much', { backlogIfKept: 2_000 }, false],
  ['a backlog is not', { backlogIfKept: 1_900 }, undefined],
])('the present replicas do not do: %s', (_, given, steady) => {
  expect(shortageOf(sized(8, { deadlines, ...given }), 4)?.steady).toBe(steady);
});

test.each([
  ['is refined where it was read from lumps', 0.05, 8],
  ['stays where it was told', 0, undefined],
])('an order for a backlog that is under way %s', (_, deviation, replicas) => {
  const reading = running(6, { ready: 1 });
  const memory = newScalerState(0, reading);
  const underway = { at: 998, from: 1, to: 6 };
  const situation = {
    at: 1_000,
    spec: spec(),
    profile: PROFILES.balanced,
    replicas: reading,
    memory: { ...memory, operation: { ...memory.operation, underway } },
    known: {
      capacity: { perReplica: 40, source: 'saturated', deviation },
      plan: { ahead: 100, because: 'arrivals' },
      sized: sized(8, { deadlines, backlogIfKept: 6_000 }),
    },
  };
  const ruling = moreReplicas(situation as unknown as Situation);
  expect(ruling?.reason).toBe(replicas === undefined ? 'ReplicasStarting' : 'BacklogTooOld');
  expect(ruling?.replicas).toBe(replicas ?? 6);
});
