import type { StageModel } from '../model/scenario.ts';
import { even } from '../model/scenario.ts';

const PARTITIONS = 24;

const BASE = {
  gain: () => 1,
  partitions: PARTITIONS,
  concurrency: 1,
  weights: even(PARTITIONS),
  minReplicas: 1,
  maxReplicas: PARTITIONS,
  maxAgeSeconds: 10,
  writesLoad: true,
};

/** What may differ in each of the three. */
export type Changes = Partial<Record<'validate' | 'remote' | 'persist', Partial<StageModel>>>;

/** Three stages in a row: 300, 40 and 120 records per second and replica. */
export function pipelineStages(changes: Changes = {}): StageModel[] {
  return [
    { ...BASE, name: 'validate', input: undefined, capacity: 300, ...changes.validate },
    { ...BASE, name: 'remote', input: 0, capacity: 40, ...changes.remote },
    { ...BASE, name: 'persist', input: 1, capacity: 120, ...changes.persist },
  ];
}

/** The worker of the measured runs: 25 ms per message, one at a time. */
export function measuredStage(changes: Partial<StageModel> = {}): StageModel[] {
  return [{ ...BASE, name: 'worker', input: undefined, capacity: 40, ...changes }];
}
