import type { Pipeline } from '../model/pipeline.ts';
import type { Stage } from '../model/stage.ts';
import type { Controller, ControllerContext, ControllerKind, ScaleRequest } from './controller.ts';
import { NONE, Timer, requestEach } from './controller.ts';

/** Numaflow's defaults, `pkg/reconciler/vertex/scaling/scaling.go` and `pkg/apis/numaflow/v1alpha1/const.go`. */
const CHECK_SECONDS = 30;
const LOOKBACK_SECONDS = 120;
const COOLDOWN_SECONDS = 90;
const REPLICAS_PER_STEP = 2;
const TARGET_PROCESSING_SECONDS = 20;
const ZERO_SLEEP_SECONDS = 120;

interface Sample {
  readonly at: number;
  readonly settled: number;
}

/** One vertex that reads from Kafka. */
class Vertex {
  private readonly timer: Timer;
  private samples: Sample[] = [];
  private changedAt = -Infinity;

  constructor({ random, phase }: ControllerContext) {
    this.timer = new Timer(phase ?? random.between(0, CHECK_SECONDS), CHECK_SECONDS);
  }

  /** The replicas it asks for. */
  step(stage: Stage, now: number): number {
    const { desired, ready, model } = stage;
    if (!this.timer.due(now)) return desired;
    this.samples = this.samples.filter(({ at }) => at >= now - LOOKBACK_SECONDS - 0.5);
    this.samples.push({ at: now, settled: settled(stage) });
    // Sources are woken blindly now and then to look.
    if (desired === 0) return now - this.changedAt >= ZERO_SLEEP_SECONDS ? this.change(1, now) : 0;
    if (ready !== desired || now - this.changedAt < COOLDOWN_SECONDS) return desired;
    const wanted = this.wanted(stage);
    const step = Math.min(REPLICAS_PER_STEP, Math.max(-REPLICAS_PER_STEP, wanted - desired));
    const next = Math.min(model.maxReplicas, Math.max(model.minReplicas, desired + step));
    return next === desired ? desired : this.change(next, now);
  }

  private change(replicas: number, now: number): number {
    this.changedAt = now;
    return replicas;
  }

  /** round(pending / rate / target * ready), never more than there are messages. */
  private wanted(stage: Stage): number {
    const pending = Math.floor(stage.backlog);
    if (pending === 0) return 0;
    const first = this.samples[0]!;
    const last = this.samples.at(-1)!;
    const rate = (last.settled - first.settled) / (last.at - first.at);
    if (!(rate > 0)) return stage.desired;
    const wanted = Math.round((pending / rate / TARGET_PROCESSING_SECONDS) * stage.ready);
    return Math.min(pending, Math.max(1, wanted));
  }
}

class Numaflow implements Controller {
  private vertices: readonly Vertex[];

  constructor(context: ControllerContext) {
    this.vertices = context.pipeline.stages.map(() => new Vertex(context));
  }

  step(pipeline: Pipeline): readonly ScaleRequest[] {
    if (pipeline.blindness) return NONE;
    return requestEach(pipeline, (stage, index) => this.vertices[index]!.step(stage, pipeline.now));
  }

  /** Its rates come from the vertices' own counters: little is lost. */
  restart(): void {}
}

function settled(stage: Stage): number {
  let sum = 0;
  for (const queue of stage.queues) sum += queue.departed;
  return sum;
}

export const numaflow: ControllerKind = {
  name: 'numaflow',
  source: 'Numaflow, defaults: pending / rate / 20 s, ±2 replicas, cool-down 90 s, look-back 120 s',
  writesLoad: true,
  create: (context) => new Numaflow(context),
};
