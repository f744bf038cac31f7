import { type Demand, NO_SURGE } from './need.ts';
import type { Sized } from './sizing.ts';

const demand = (given: Partial<Demand> = {}): Demand => ({
  partitions: 24,
  shares: undefined,
  present: undefined,
  plannedPerSecond: 100,
  capacityPerReplica: 40,
  utilization: 0.95,
  backlogIfKept: 0,
  backlogIfChanged: 0,
  surge: NO_SURGE,
  deadlines: [
    { ageSeconds: 7.5, withinSeconds: 5, arrivingPerSecond: 100, ifOlderThan: 0 },
    { ageSeconds: 5, withinSeconds: 20, arrivingPerSecond: 100, ifOlderThan: 0 },
  ],
  ...given,
});

/** A stage of 24 partitions that needs so many replicas, by whatever test. */
export const sized = (need: number, given: Partial<Demand> = {}, isLimited = false): Sized => ({
  demand: demand(given),
  certain: demand(given),
  lasting: demand(given),
  need: { replicas: need, limited: isLimited, alternatives: [] },
  needs: { whole: need, load: need, comfort: need },
});
