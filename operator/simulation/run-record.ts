import type { Pipeline } from './model/pipeline.ts';
import type { Stage } from './model/stage.ts';

/** A change of `spec.replicas`. */
export interface Action {
  readonly at: number;
  /** Index of the stage. */
  readonly stage: number;
  readonly from: number;
  readonly to: number;
}

/** One second of a run. */
export interface Second {
  readonly rate: Float32Array;
  /** Summed over the stages. */
  readonly replicas: Float32Array;
  readonly lag: Float32Array;
  /** Oldest waiting record of any stage, highest of the second. */
  readonly age: Float32Array;
}

/** What became of one run. Times in seconds. */
export interface RunRecord {
  /**
   * Seconds in which some record had waited in a stage for longer than the stage's objective, those without any
   * broker not counted.
   */
  readonly secondsOver: number;
  readonly lastSecondOver: number | undefined;
  /** Of records, from entering the pipeline to leaving it. What is left at the end counts with its age then. */
  readonly age: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number };
  /** Share of the records that took longer than the objective of one stage. */
  readonly lateShare: number;
  /** Integral of `spec.replicas`, pods that are starting included. */
  readonly replicaSeconds: number;
  /** Integral of ceil(load / capacity of a replica): the least that keeps up without queueing. */
  readonly idealReplicaSeconds: number;
  readonly rebalances: number;
  readonly stoppedPartitionSeconds: number;
  readonly actions: readonly Action[];
  /** Actions against the direction of the one before, on the same stage, within 300 s. */
  readonly reversals: number;
  /** Scale-downs to fewer replicas than the load needs at that second. */
  readonly badDowns: number;
  readonly peakReplicas: number;
  /** Seconds over the objective after the first scale-down. */
  readonly secondsOverAfterDown: number;
  /** Records in and out, for the check that none is lost. */
  readonly balance: { readonly arrived: number; readonly departed: number; readonly waiting: number };
  readonly timeline: Second;
}

const REVERSAL_SECONDS = 300;

/** Takes notes during a run. */
export class Recorder {
  private readonly pipeline: Pipeline;
  private readonly actions: Action[] = [];
  private readonly timeline: Second;
  private readonly over: Uint8Array;
  private replicaSeconds = 0;
  private idealReplicaSeconds = 0;

  constructor(pipeline: Pipeline) {
    this.pipeline = pipeline;
    const length = Math.ceil(pipeline.scenario.durationSeconds);
    const empty = (): Float32Array => new Float32Array(length);
    this.timeline = { rate: empty(), replicas: empty(), lag: empty(), age: empty() };
    this.over = new Uint8Array(length);
  }

  acted(action: Action): void {
    this.actions.push(action);
  }

  /** A step is over. */
  stepped(): void {
    const { now, stages, stepSeconds } = this.pipeline;
    const second = Math.min(this.over.length - 1, Math.floor(now - stepSeconds / 2));
    const { age, rate, replicas, lag } = this.timeline;
    // Without a broker nobody can do anything about it.
    const isDown = this.pipeline.blindness === 'broker-outage';
    let desired = 0;
    for (const stage of stages) {
      desired += stage.desired;
      const oldest = stage.maxAge(now);
      if (oldest > age[second]!) age[second] = oldest;
      if (oldest > stage.model.maxAgeSeconds && !isDown) this.over[second] = 1;
    }
    this.replicaSeconds += desired * stepSeconds;
    if (Math.abs(now - Math.round(now)) > 1e-6) return;
    replicas[second] = desired;
    lag[second] = stages.reduce((sum, stage) => sum + stage.backlog, 0);
    rate[second] = this.pipeline.meanRate(stages[0]!.model, second);
    for (const { model } of stages) this.idealReplicaSeconds += this.need(model, second);
  }

  finish(): RunRecord {
    const { pipeline, actions, over } = this;
    const { stages, ages, now, scenario } = pipeline;
    const sum = (of: (stage: Stage) => number): number =>
      stages.reduce((total, stage) => total + of(stage), 0);
    const waiting = sum(({ backlog }) => backlog);
    const departed = sum(({ settled }) => settled);
    for (const stage of stages) for (const queue of stage.queues) queue.take(queue.length, now, ages);
    const firstDown = actions.find(({ from, to }) => to < from)?.at ?? Infinity;
    const overSeconds = [...over.keys()].filter((second) => over[second] === 1);
    const objective = Math.min(...scenario.stages.map(({ maxAgeSeconds }) => maxAgeSeconds));
    return {
      secondsOver: overSeconds.length,
      lastSecondOver: overSeconds.at(-1),
      secondsOverAfterDown: overSeconds.filter((second) => second > firstDown).length,
      age: {
        p50: ages.quantile(0.5),
        p99: ages.quantile(0.99),
        p999: ages.quantile(0.999),
        max: ages.maxSeconds,
      },
      lateShare: ages.shareAbove(objective),
      replicaSeconds: this.replicaSeconds,
      idealReplicaSeconds: this.idealReplicaSeconds,
      rebalances: sum(({ group }) => Math.max(0, group.generation - 1)),
      stoppedPartitionSeconds: sum(({ group }) => group.stoppedPartitionSeconds),
      actions,
      reversals: countReversals(actions),
      badDowns: actions.filter((action) => this.isBadDown(action)).length,
      peakReplicas: Math.max(...this.timeline.replicas),
      balance: {
        arrived: sum(({ queues }) => queues.reduce((all, queue) => all + queue.arrived, 0)),
        departed,
        waiting,
      },
      timeline: this.timeline,
    };
  }

  private need(model: Stage['model'], second: number): number {
    const { capacity, minReplicas } = model;
    return Math.max(minReplicas, Math.ceil(this.pipeline.meanRate(model, second) / capacity - 1e-9));
  }

  private isBadDown({ at, stage, from, to }: Action): boolean {
    return to < from && to < this.need(this.pipeline.stages[stage]!.model, at);
  }
}

/** Actions against the direction of the one before, on the same stage, within 300 s. */
export function countReversals(actions: readonly Action[]): number {
  const last = new Map<number, Action>();
  let count = 0;
  for (const action of actions) {
    const before = last.get(action.stage);
    const turned = before && action.to > action.from !== before.to > before.from;
    if (turned && action.at - before.at <= REVERSAL_SECONDS) count++;
    last.set(action.stage, action);
  }
  return count;
}
