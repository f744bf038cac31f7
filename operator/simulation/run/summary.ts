import type { JobResult } from './job.ts';

/** Runs of one controller on one trace, over all seeds. */
export interface Summary {
  readonly environment: string;
  readonly scenario: string;
  readonly controller: string;
  readonly runs: number;
  readonly secondsOver: Spread;
  readonly ageP99: Spread;
  readonly ageMax: Spread;
  readonly lateShare: Spread;
  readonly replicaSeconds: Spread;
  readonly idealReplicaSeconds: number;
  readonly rebalances: Spread;
  readonly stoppedPartitionSeconds: Spread;
  readonly actions: Spread;
  readonly reversals: Spread;
  readonly badDowns: Spread;
  readonly peakReplicas: Spread;
}

export interface Spread {
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const round = (value: number): number => Number(value.toPrecision(5));
  return {
    mean: round(sorted.reduce((sum, value) => sum + value, 0) / sorted.length),
    median: round((sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2),
    min: round(sorted[0]!),
    max: round(sorted.at(-1)!),
  };
}

/** One summary per trace and controller, in the order in which they first come. */
export function summarize(results: readonly JobResult[]): Summary[] {
  const groups = Map.groupBy(results, ({ job }) => `${job.environment}/${job.scenario}/${job.controller}`);
  return [...groups.values()].map((runs) => {
    const { environment, scenario, controller } = runs[0]!.job;
    const of = (pick: (run: JobResult) => number): Spread => spread(runs.map(pick));
    return {
      environment,
      scenario,
      controller,
      runs: runs.length,
      secondsOver: of((run) => run.secondsOver),
      ageP99: of((run) => run.age.p99),
      ageMax: of((run) => run.age.max),
      lateShare: of((run) => run.lateShare),
      replicaSeconds: of((run) => run.replicaSeconds),
      idealReplicaSeconds: of((run) => run.idealReplicaSeconds).mean,
      rebalances: of((run) => run.rebalances),
      stoppedPartitionSeconds: of((run) => run.stoppedPartitionSeconds),
      actions: of((run) => run.actions.length),
      reversals: of((run) => run.reversals),
      badDowns: of((run) => run.badDowns),
      peakReplicas: of((run) => run.peakReplicas),
    };
  });
}
