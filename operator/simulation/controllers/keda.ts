import type { Pipeline } from '../model/pipeline.ts';
import type { Stage } from '../model/stage.ts';
import type { Controller, ControllerContext, ControllerKind, ScaleRequest } from './controller.ts';
import { Timer, requestEach } from './controller.ts';
import type { HpaBehavior } from './hpa.ts';
import { HPA_SYNC_SECONDS, Hpa } from './hpa.ts';

export interface KedaSettings {
  /** `lagThreshold` in records, for a stage whose replica settles `capacity` records per second. */
  readonly threshold: (capacity: number) => number;
  readonly pollSeconds: number;
  readonly cooldownSeconds: number;
  readonly behavior: HpaBehavior;
}

export const KEDA_DEFAULTS: KedaSettings = {
  threshold: () => 10,
  pollSeconds: 30,
  cooldownSeconds: 300,
  behavior: { downWindowSeconds: 300, scaleUp: 'legacy' },
};

/**
 * The value KEDA 2.20's `kafka` scaler reports, with its defect in the cap as it is: `pkg/scalers/kafka_scaler.go`,
 * getTotalLag, compares the quotient of integers with the number of partitions.
 */
export function kedaMetric(lag: number, threshold: number, partitions: number): number {
  return Math.floor(lag / threshold) > partitions ? partitions * threshold : lag;
}

/** One ScaledObject with its HPA. */
class ScaledObject {
  private readonly settings: KedaSettings;
  private readonly threshold: number;
  private readonly poll: Timer;
  private readonly hpa: Hpa;
  private readonly hpaSync: Timer;
  private lastActive = 0;

  constructor(settings: KedaSettings, stage: Stage, context: ControllerContext) {
    this.settings = settings;
    this.threshold = Math.max(1, Math.round(settings.threshold(stage.model.capacity)));
    const { random, phase, pollPhase } = context;
    this.poll = new Timer(pollPhase ?? random.between(0, settings.pollSeconds), settings.pollSeconds);
    this.hpa = new Hpa(settings.behavior);
    this.hpaSync = new Timer(phase ?? random.between(0, HPA_SYNC_SECONDS), HPA_SYNC_SECONDS);
  }

  /** The replicas it asks for. */
  step(stage: Stage, pipeline: Pipeline): number {
    const { now } = pipeline;
    const isPolled = this.poll.due(now);
    const isSynced = this.hpaSync.due(now);
    if (!isPolled && !isSynced) return stage.desired;
    const lag = pipeline.blindness ? undefined : committedLag(stage);
    const polled = isPolled ? this.activate(stage, lag, now) : stage.desired;
    if (!isSynced) return polled;
    const { partitions, minReplicas, maxReplicas } = stage.model;
    return this.hpa.sync({
      at: now,
      current: polled,
      total: lag === undefined ? undefined : kedaMetric(lag, this.threshold, partitions),
      perReplica: this.threshold,
      min: Math.max(1, minReplicas),
      max: maxReplicas,
    });
  }

  /** KEDA's own part: from 0 to 1 when there is lag, to the minimum when there was none for the cool-down. */
  private activate(stage: Stage, lag: number | undefined, now: number): number {
    if (lag === undefined) return stage.desired;
    if (lag > 0) this.lastActive = now;
    if (lag > 0 && stage.desired === 0) return Math.max(1, stage.model.minReplicas);
    const idle = now - this.lastActive >= this.settings.cooldownSeconds;
    return stage.model.minReplicas === 0 && stage.desired > 0 && lag === 0 && idle ? 0 : stage.desired;
  }
}

/** What OffsetFetch and ListOffsets give, summed over the partitions. */
function committedLag(stage: Stage): number {
  let lag = 0;
  for (const [partition, queue] of stage.queues.entries())
    lag += Math.floor(queue.arrived + 1e-6) - stage.committed[partition]!;
  return lag;
}

class Keda implements Controller {
  private readonly objects: readonly ScaledObject[];

  constructor(settings: KedaSettings, context: ControllerContext) {
    this.objects = context.pipeline.stages.map((stage) => new ScaledObject(settings, stage, context));
  }

  step(pipeline: Pipeline): readonly ScaleRequest[] {
    return requestEach(pipeline, (stage, index) => this.objects[index]!.step(stage, pipeline));
  }

  /** The HPA lives in the controller manager, which goes on; KEDA keeps the last active time in the object. */
  restart(): void {}
}

/** KEDA with these settings, under a name for the report. */
export function keda(name: string, source: string, settings: Partial<KedaSettings>): ControllerKind {
  const whole = { ...KEDA_DEFAULTS, ...settings };
  return { name, source, writesLoad: false, create: (context) => new Keda(whole, context) };
}
