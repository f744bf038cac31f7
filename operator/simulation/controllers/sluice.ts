import { decide, initialState } from '../../scaling/decide.ts';
import type { Decision, Observation, ScalerSpec } from '../../scaling/types.ts';
import { observe, specsOf } from '../model/observe.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { TurnSettings } from '../model/turns.ts';
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

/** What the consumers that ours looks after say of themselves, and how they commit. */
export type Consumers = 'load' | 'offsets' | 'plain';

/**
 * kafkajs as in load/scaling/worker: commits every 0.5 s and at the end of a batch; batches of at most 4 KB, that is
 * 37 records of 108 bytes where each was sent alone. One of 25 ms a record settles 35.4/s in batches of one record, and
 * 38.8/s in full ones: recorded with a real broker, offsets read four times a second.
 */
export const PLAIN: TurnSettings = {
  batchRecords: 37,
  fetchSeconds: 0.005,
  commitSeconds: 0.003,
  commitInterval: 0.5,
  betweenShare: 0.02,
};

const CONSUMERS: Readonly<
  Record<Consumers, Pick<ControllerKind, 'name' | 'source' | 'writesLoad' | 'turns'>>
> = {
  load: {
    name: 'sluice',
    source: 'operator/scaling, tick 2 s; stages write their load into their commits',
    writesLoad: true,
  },
  offsets: {
    name: 'sluice-offsets',
    source: 'operator/scaling, tick 2 s; consumers that say nothing of themselves: offsets alone',
    writesLoad: false,
  },
  plain: {
    name: 'sluice-plain',
    source:
      'the same for ordinary kafkajs consumers: one partition after the other, in batches of at most 37 records',
    writesLoad: false,
    turns: PLAIN,
  },
};

/** Ours, for each kind of consumer. */
export const sluice = (consumers: Consumers, sink?: DecisionSink): ControllerKind => ({
  ...CONSUMERS[consumers],
  create: (context) => new Sluice(context, sink),
});
