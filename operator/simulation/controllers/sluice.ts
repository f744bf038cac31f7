import { decide, initialState } from '../../scaling/decide.ts';
import type { Decision, Observation, ScalerSpec } from '../../scaling/types.ts';
import { observe, specsOf } from '../model/observe.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { Controller, ControllerContext, ControllerKind, ScaleRequest } from './controller.ts';
import { NONE, Timer } from './controller.ts';

export const TICK_SECONDS = 2;

/** Told of every decision: the invariants are checked here. */
export type DecisionSink = (observation: Observation, decisions: readonly Decision[]) => void;

/** The operator's own `decide`, every two seconds. */
class Sluice implements Controller {
  private state = initialState();
  private readonly timer: Timer;
  private readonly specs: readonly ScalerSpec[];
  private readonly sink: DecisionSink | undefined;

  constructor({ pipeline, random, phase }: ControllerContext, sink?: DecisionSink) {
    this.timer = new Timer(phase ?? random.between(0, TICK_SECONDS), TICK_SECONDS);
    this.specs = specsOf(pipeline);
    this.sink = sink;
  }

  step(pipeline: Pipeline): readonly ScaleRequest[] {
    if (!this.timer.due(pipeline.now)) return NONE;
    const observation = observe(pipeline, this.specs);
    const { state, decisions } = decide(this.state, observation);
    this.state = state;
    this.sink?.(observation, decisions);
    return decisions.flatMap(({ scaler, replicas }) => {
      const stage = this.specs.findIndex(({ name }) => name === scaler);
      return replicas === pipeline.stages[stage]!.desired ? [] : [{ stage, replicas }];
    });
  }

  restart(): void {
    this.state = initialState();
  }
}

/** Ours, for stages that write their load into their commits, or for any consumer. */
export const sluice = (writesLoad: boolean, sink?: DecisionSink): ControllerKind => ({
  name: writesLoad ? 'sluice' : 'sluice-offsets',
  source: writesLoad
    ? 'operator/scaling, tick 2 s; stages write their load into their commits'
    : 'operator/scaling, tick 2 s; consumers that say nothing of themselves: offsets alone',
  writesLoad,
  create: (context) => new Sluice(context, sink),
});
