import type { Pipeline } from '../model/pipeline.ts';
import type { Controller, ControllerKind, ScaleRequest } from './controller.ts';
import { requestEach } from './controller.ts';

/** Always the same number of replicas for each stage. */
class Fixed implements Controller {
  private readonly replicas: readonly number[];

  constructor(replicas: readonly number[]) {
    this.replicas = replicas;
  }

  step(pipeline: Pipeline): readonly ScaleRequest[] {
    return requestEach(pipeline, (_, index) => this.replicas[index]!);
  }

  restart(): void {}
}

/** Enough for the highest mean load of the trace. */
export const staticPeak: ControllerKind = {
  name: 'static-peak',
  source:
    'a fixed count per stage: the smallest level that settles the highest load of the trace with 5 % to spare',
  writesLoad: true,
  create: ({ pipeline }) => {
    const peaks = pipeline.stages.map(({ model }) => {
      let peak = 0;
      for (let second = 0; second < pipeline.scenario.durationSeconds; second++)
        peak = Math.max(peak, pipeline.neededReplicas(model, second, 1.05));
      return peak;
    });
    return new Fixed(peaks);
  },
};

export const staticCount = (count: number): ControllerKind => ({
  name: `static-${count}`,
  source: `${count} replicas of every stage`,
  writesLoad: true,
  create: ({ pipeline }) => new Fixed(pipeline.stages.map(({ model }) => Math.min(count, model.maxReplicas))),
});
