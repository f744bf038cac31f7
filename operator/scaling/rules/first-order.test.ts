import { expect, test } from 'vitest';
import { NO_SERVICE_RATE } from '../service-rate.ts';
import { PROFILES } from '../settings.ts';
import type { Knowledge, Situation } from '../situation.ts';
import { newScalerState } from '../state.ts';
import { running, spec } from '../test-observations.ts';
import { firstOrder } from './first-order.ts';

const AT = 1_000;

interface Given {
  readonly replicas?: number;
  readonly ready?: number;
  /** Records per second that arrive; certainly 5 % less. */
  readonly arrive?: number;
  readonly backlog?: number;
  /** The most a replica was seen to settle. */
  readonly most?: number;
  readonly capacity?: Knowledge['capacity'];
  readonly underway?: { readonly from: number; readonly to: number };
  readonly maxReplicas?: number;
}

function order(given: Given): number | undefined {
  const { replicas = 1, ready = replicas, arrive = 300, backlog = 500, most = 40, capacity } = given;
  const reading = running(replicas, { ready });
  const memory = newScalerState(0, reading);
  const underway = given.underway && { at: AT - 2, ...given.underway };
  const situation = {
    at: AT,
    spec: spec({ maxReplicas: given.maxReplicas ?? 24 }),
    profile: PROFILES.balanced,
    replicas: reading,
    memory: {
      ...memory,
      operation: { ...memory.operation, underway },
      serviceRate: { ...NO_SERVICE_RATE, most },
    },
    known: {
      look: { lag: backlog, partitions: Array.from({ length: 24 }) },
      plan: { soon: 0.95 * arrive, sizing: arrive },
      capacity,
      backlog,
    },
  };
  return firstOrder(situation as unknown as Situation)?.replicas;
}

test.each([
  ['what arrives at what a replica was seen to settle', {}, 8],
  ['the most allowed where that is not enough', { maxReplicas: 6 }, 6],
  ['nothing before anything was settled', { most: 0 }, undefined],
  [
    'nothing once it is known what a replica can',
    { capacity: { perReplica: 40, source: 'saturated', deviation: 0 } },
    undefined,
  ],
  ['nothing where what waits is soon gone', { backlog: 190 }, undefined],
  ['nothing where the replicas certainly may do', { arrive: 41 }, undefined],
  ['nothing more than there is', { replicas: 8, backlog: 5_000 }, undefined],
  [
    'more while others are starting, where it is much more',
    { replicas: 4, ready: 1, arrive: 280, underway: { from: 1, to: 4 } },
    6,
  ],
  [
    'less than that waits for the others',
    { replicas: 5, ready: 1, arrive: 280, underway: { from: 1, to: 5 } },
    undefined,
  ],
] as const)('a first order is for %s', (_, given, replicas) => {
  expect(order(given)).toBe(replicas);
});
