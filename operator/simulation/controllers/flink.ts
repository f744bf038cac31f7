import type { Pipeline } from '../model/pipeline.ts';
import type { Stage } from '../model/stage.ts';
import type { Controller, ControllerContext, ControllerKind, ScaleRequest } from './controller.ts';
import { NONE, Timer } from './controller.ts';

/**
 * Flink Kubernetes Operator, `flink-autoscaler`: `AutoScalerUtils.getTargetProcessingCapacity`,
 * `ScalingMetricEvaluator`, `DelayedScaleDown`, `JobVertexScaler`. Seconds and shares.
 */
export interface FlinkSettings {
  readonly windowSeconds: number;
  readonly stabilizationSeconds: number;
  readonly utilization: { readonly target: number; readonly min: number; readonly max: number };
  readonly catchUpSeconds: number;
  readonly restartSeconds: number;
  readonly scaleDownSeconds: number;
  /** A step down takes at most this share of the replicas away. */
  readonly maxDownFactor: number;
  readonly intervalSeconds: number;
}

export const FLINK_DEFAULTS: FlinkSettings = {
  windowSeconds: 900,
  stabilizationSeconds: 300,
  utilization: { target: 0.7, min: 0.4, max: 1 },
  catchUpSeconds: 1_800,
  restartSeconds: 300,
  scaleDownSeconds: 3_600,
  maxDownFactor: 0.6,
  intervalSeconds: 60,
};

/** As fast as the formula stays calm with pods that take seconds to start. */
export const FLINK_AGGRESSIVE: FlinkSettings = {
  ...FLINK_DEFAULTS,
  windowSeconds: 60,
  stabilizationSeconds: 30,
  catchUpSeconds: 60,
  restartSeconds: 10,
  scaleDownSeconds: 300,
  intervalSeconds: 5,
};

interface Sample {
  readonly at: number;
  /** Records that ever arrived, per stage. */
  readonly arrived: readonly number[];
}

/** What is known of a stage ("vertex"), in records per second. */
interface Vertex {
  readonly current: number;
  readonly capacity: number;
  /** Input in the long run. */
  readonly target: number;
  /** What the backlog adds, here and from the stages before. */
  readonly catchUp: number;
}

class Flink implements Controller {
  private readonly settings: FlinkSettings;
  private readonly timer: Timer;
  private samples: Sample[] = [];
  private changedAt = 0;
  private readonly wishes: { readonly at: number; readonly replicas: number }[][];

  constructor(settings: FlinkSettings, { pipeline, phase, random }: ControllerContext) {
    this.settings = settings;
    this.timer = new Timer(phase ?? random.between(0, settings.intervalSeconds), settings.intervalSeconds);
    this.wishes = pipeline.stages.map(() => []);
  }

  step(pipeline: Pipeline): readonly ScaleRequest[] {
    if (!this.timer.due(pipeline.now) || pipeline.blindness) return NONE;
    const { windowSeconds, stabilizationSeconds } = this.settings;
    const { now } = pipeline;
    const since = this.changedAt === 0 ? 0 : this.changedAt + stabilizationSeconds;
    if (now < since) {
      this.samples = [];
      return NONE;
    }
    this.samples = this.samples.filter(({ at }) => at >= now - windowSeconds - 0.5);
    this.samples.push({ at: now, arrived: pipeline.stages.map(arrived) });
    if (now - this.samples[0]!.at < windowSeconds - this.settings.intervalSeconds) return NONE;
    return this.decide(pipeline);
  }

  /** Metric history is gone; what was scaled and when is in the ConfigMap. */
  restart(): void {
    this.samples = [];
  }

  private decide(pipeline: Pipeline): readonly ScaleRequest[] {
    const vertices: Vertex[] = [];
    for (const [index, stage] of pipeline.stages.entries())
      vertices.push(this.evaluate(pipeline, stage, index, vertices));
    const wanted = vertices.map((vertex, index) => this.parallelism(pipeline, index, vertex));
    if (!vertices.some((vertex) => this.isOutside(vertex))) return NONE;
    const requests = wanted.flatMap((replicas, stage) =>
      replicas === pipeline.stages[stage]!.desired ? [] : [{ stage, replicas }],
    );
    if (requests.length > 0) {
      this.changedAt = pipeline.now;
      this.samples = [];
    }
    return requests;
  }

  private evaluate(pipeline: Pipeline, stage: Stage, index: number, before: readonly Vertex[]): Vertex {
    const first = this.samples[0]!;
    const own = (arrived(stage) - first.arrived[index]!) / Math.max(1, pipeline.now - first.at);
    const { input, capacity } = stage.model;
    const gain = stage.model.gain(pipeline.now);
    const upstream = input === undefined ? undefined : before[input];
    return {
      current: stage.desired,
      capacity: capacity * (stage.model.speed?.(pipeline.now) ?? 1),
      target: upstream ? upstream.target * gain : own,
      catchUp: stage.backlog / this.settings.catchUpSeconds + (upstream ? upstream.catchUp * gain : 0),
    };
  }

  /** Outside the band of utilisation: below `max` is too slow, above `min` is too fast. */
  private isOutside({ current, capacity, target, catchUp }: Vertex): boolean {
    const { utilization, restartSeconds, catchUpSeconds } = this.settings;
    const rate = current * capacity;
    const restart = (target * restartSeconds) / catchUpSeconds;
    return rate < target / utilization.max + catchUp || rate > target / utilization.min + catchUp + restart;
  }

  private parallelism(pipeline: Pipeline, index: number, vertex: Vertex): number {
    const { model } = pipeline.stages[index]!;
    const { utilization, restartSeconds, catchUpSeconds, maxDownFactor, scaleDownSeconds } = this.settings;
    const { target, catchUp, capacity, current } = vertex;
    const rate = catchUp + (target * restartSeconds) / catchUpSeconds + target / utilization.target;
    const lowest = Math.ceil(current * (1 - maxDownFactor));
    const raw = Math.max(Math.ceil(rate / capacity - 1e-9), lowest, model.minReplicas, 1);
    const aligned = Math.min(align(raw, model.partitions), model.maxReplicas);
    const { now } = pipeline;
    const wishes = this.wishes[index]!.filter(({ at }) => at > now - scaleDownSeconds);
    wishes.push({ at: now, replicas: aligned });
    this.wishes[index] = wishes;
    if (aligned >= current) return aligned;
    const isWindowFull =
      now - Math.max(this.changedAt, wishes[0]!.at) >= scaleDownSeconds - 2 * this.settings.intervalSeconds;
    return isWindowFull ? Math.min(current, Math.max(...wishes.map(({ replicas }) => replicas))) : current;
  }
}

/** FLIP-586, EVENLY_SPREAD: the next divisor of the number of partitions. */
function align(parallelism: number, partitions: number): number {
  for (let count = parallelism; count < partitions; count++) if (partitions % count === 0) return count;
  return partitions;
}

function arrived(stage: Stage): number {
  let sum = 0;
  for (const queue of stage.queues) sum += queue.arrived;
  return sum;
}

/** Flink's autoscaler with these settings; it is told the exact capacity of a replica. */
export function flink(name: string, source: string, settings: FlinkSettings): ControllerKind {
  return { name, source, writesLoad: true, create: (context) => new Flink(settings, context) };
}
