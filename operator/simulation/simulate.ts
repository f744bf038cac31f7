import type { ControllerKind } from './controllers/controller.ts';
import { Pipeline } from './model/pipeline.ts';
import { createRandom } from './model/random.ts';
import type { Scenario } from './model/scenario.ts';
import type { Action, RunRecord } from './run-record.ts';
import { Recorder } from './run-record.ts';

export const STEP_SECONDS = 0.25;

export interface SimulationOptions {
  readonly scenario: Scenario;
  readonly controller: ControllerKind;
  readonly seed: number;
  /** Of the controller's timers; undefined: drawn from the seed. */
  readonly phase?: number | undefined;
  readonly pollPhase?: number | undefined;
  readonly stepSeconds?: number;
}

/** Runs a scenario under a controller: the same options give the same record. */
export function simulate(options: SimulationOptions): RunRecord {
  const { controller, seed, phase, pollPhase, stepSeconds = STEP_SECONDS } = options;
  const scenario = withConsumers(options.scenario, controller);
  const pipeline = new Pipeline(scenario, seed, stepSeconds);
  const random = createRandom(seed, `${scenario.name}/controller`);
  const running = controller.create({ pipeline, random, phase, pollPhase });
  const recorder = new Recorder(pipeline);
  const restarts = scenario.faults.flatMap((fault) => (fault.kind === 'operator-restart' ? [fault.at] : []));
  while (pipeline.now < scenario.durationSeconds - 1e-9) {
    pipeline.step();
    if (restarts.length > 0 && pipeline.now >= restarts[0]!) {
      restarts.shift();
      running.restart(pipeline);
    }
    for (const { stage, replicas } of running.step(pipeline)) {
      const target = pipeline.stages[stage]!;
      const action: Action = { at: pipeline.now, stage, from: target.desired, to: replicas };
      recorder.acted(action);
      target.scale(replicas, pipeline.now);
    }
    recorder.stepped();
  }
  return recorder.finish();
}

function withConsumers(scenario: Scenario, { writesLoad, turns }: ControllerKind): Scenario {
  return { ...scenario, stages: scenario.stages.map((stage) => ({ ...stage, writesLoad, turns })) };
}
