import type { Pipeline } from '../model/pipeline.ts';
import type { Controller, ControllerKind, ScaleRequest } from './controller.ts';
import { requestEach } from './controller.ts';

/** Load may wobble around its mean by this much. */
const HEADROOM = 1.02;
/** Shorter valleys are not worth two rebalances. */
const VALLEY_SECONDS = 60;

/**
 * Knows the trace: holds the smallest useful count for the highest mean load between now and the time at which
 * replicas ordered in a minute would be up. Takes none away while more than a second of work is waiting.
 */
class Oracle implements Controller {
  private readonly needs: readonly Float64Array[];

  constructor(pipeline: Pipeline) {
    const { environment, durationSeconds } = pipeline.scenario;
    const lead = environment.coldStart(8)[1] + environment.rebalance[1] + 2;
    this.needs = pipeline.stages.map(({ model }) => {
      const raw = Float64Array.from({ length: Math.ceil(durationSeconds) + 1 }, (_, second) =>
        pipeline.neededReplicas(model, second, HEADROOM / (1 - environment.clientOverhead)),
      );
      return raw.map((need, second) =>
        Math.max(need, ...raw.subarray(second, second + lead + VALLEY_SECONDS)),
      );
    });
  }

  step(pipeline: Pipeline): readonly ScaleRequest[] {
    return requestEach(pipeline, ({ desired, backlog, model }, index) => {
      const need = this.needs[index]![Math.floor(pipeline.now)]!;
      const isBehind = need === 0 ? !isDrained(pipeline) : backlog > model.capacity * need;
      return need < desired && isBehind ? desired : need;
    });
  }

  restart(): void {}
}

const isDrained = ({ stages }: Pipeline): boolean => stages.every(({ backlog }) => backlog < 0.01);

export const oracle: ControllerKind = {
  name: 'oracle',
  source: 'knows the mean load of the trace in advance; smallest level with 2 % to spare, ordered in time',
  writesLoad: true,
  create: ({ pipeline }) => new Oracle(pipeline),
};
