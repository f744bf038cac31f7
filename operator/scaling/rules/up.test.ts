import { expect, test } from 'vitest';
import { type Demand, NO_SURGE } from '../need.ts';
import { PROFILES } from '../settings.ts';
import type { Situation } from '../situation.ts';
import type { Sized } from '../sizing.ts';
import { newScalerState } from '../state.ts';
import { running, spec } from '../test-observations.ts';
import { moreReplicas, shortageOf } from './up.ts';

/** Of a stage of 24 partitions whose replicas likely do 40/s, and certainly no more than `most`. */
function sizedBy(most: number, given: Partial<Demand>): Sized {
  const demand: Demand = {
    partitions: 24,
    shares: undefined,
    present: undefined,
    plannedPerSecond: 100,
    capacityPerReplica: 40,
    utilization: 0.95,
    backlogIfKept: 0,
    backlogIfChanged: 0,
    surge: NO_SURGE,
    deadlines: [{ ageSeconds: 5, withinSeconds: 20, arrivingPerSecond: 100, ifOlderThan: 0 }],
    ...given,
  };
  const need = { replicas: 8, limited: false, alternatives: [] };
  const needs = { whole: 8, load: 8, comfort: 8 };
  return { demand, certain: { ...demand, capacityPerReplica: most }, lasting: demand, need, needs };
}

test.each([
  ['the load is certainly too much', 42, { plannedPerSecond: 165 }, true],
  ['the load may be too much, and may not', 50, { plannedPerSecond: 165 }, undefined],
  // 4 x 40/s leave 800 records harmless, and work 1,136 off in 20 s; 4 x 45/s 900 and 1,528.
  ['a backlog is too much by what replicas likely do', 50, { backlogIfKept: 2_500 }, false],
  ['a backlog is not', 50, { backlogIfKept: 2_350 }, undefined],
])('the present replicas do not do: %s', (_, most, given, steady) => {
  expect(shortageOf(sizedBy(most, given), 4)?.steady).toBe(steady);
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
      sized: sizedBy(40, { backlogIfKept: 6_000 }),
    },
  };
  const ruling = moreReplicas(situation as unknown as Situation);
  expect(ruling?.reason).toBe(replicas === undefined ? 'ReplicasStarting' : 'BacklogTooOld');
  expect(ruling?.replicas).toBe(replicas ?? 6);
});
