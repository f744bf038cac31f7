import { calibrate, calibrationJobs } from '../checks/calibration.ts';
import type { RandomTraceResult } from '../checks/random-traces.ts';
import { checkMeasuredTargets, checkTargets } from '../checks/targets.ts';
import type { Scenario } from '../model/scenario.ts';
import type { SimulateOptions } from '../options.ts';
import type { SimulationReport } from '../report/report-data.ts';
import { choosePictures } from '../report/pictures.ts';
import { TICK_SECONDS } from '../controllers/sluice.ts';
import { MEASURED, SLOW } from '../traces/environments.ts';
import { CONTROLLERS, ENVIRONMENTS, named, scenariosIn } from './catalog.ts';
import type { Job } from './job.ts';
import type { Pool } from './pool.ts';
import type { Summary } from './summary.ts';
import { summarize } from './summary.ts';

/** Seeds that nothing was tuned with. */
const HELD_OUT = [211, 212, 213];
/** Enough for the targets where not every setting is run. */
const FEW = ['sluice', 'keda-default', 'keda-1s-300', 'keda-2s-300', 'keda-5s-300', 'flink-tuned', 'oracle'];
const IS_MEASURED = /^kind-/;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

interface Grid {
  readonly environment: string;
  readonly scenarios: readonly Scenario[];
  readonly controllers: readonly string[];
  readonly seeds: readonly number[];
}

/** Everything that is asked for, as one report. `onPart` is told what begins. */
export async function runStudy(
  options: SimulateOptions,
  pool: Pool,
  onPart: (part: string) => void,
): Promise<Omit<SimulationReport, 'command' | 'node'>> {
  const environment = named(ENVIRONMENTS, options.environment);
  const chosen = scenariosIn(environment).filter(({ name }) => options.traces.includes(name));
  const scenarios = chosen.filter(({ name }) => !IS_MEASURED.test(name));
  const seeds = upTo(options.seeds);
  const few = FEW.filter((name) => options.controllers.includes(name));

  onPart('calibration');
  const kinds = chosen.filter(({ name }) => IS_MEASURED.test(name));
  const calibration =
    kinds.length === 0 ? [] : calibrate(await pool.run(calibrationJobs(upTo(options.quick ? 5 : 20))));
  onPart('measured traces');
  const phases = options.quick ? 4 : 8;
  const measuredRuns = await pool.run(measuredJobs(kinds, options, phases));
  onPart('evaluation traces');
  const grid = { environment: environment.name, scenarios };
  const runs = await pool.run(gridJobs({ ...grid, controllers: options.controllers, seeds }));
  onPart('held-out seeds');
  const heldOutSeeds = options.quick ? [] : HELD_OUT;
  const heldOut = await pool.run(gridJobs({ ...grid, controllers: few, seeds: heldOutSeeds }));
  onPart('other environments');
  const others = await runOthers(options, pool, { ...grid, controllers: few, seeds: upTo(2) });
  onPart('random traces');
  const random = gather(await pool.checkRandom(options.random));

  const summaries = summarize(runs);
  const measured = summarize(measuredRuns);
  return {
    seeds,
    environment,
    scenarios,
    summaries,
    verdicts: checkTargets(summaries, scenarios),
    calibration,
    measured,
    measuredVerdicts: checkMeasuredTargets(measured),
    phases,
    heldOutSeeds,
    heldOutVerdicts: checkTargets(summarize(heldOut), scenarios),
    others,
    random: { traces: options.random, ...random },
    controllers: CONTROLLERS.filter(({ name }) => options.controllers.includes(name)),
    pictures: choosePictures(
      [...measuredRuns, ...runs],
      [...kinds, ...scenarios],
      [...measured, ...summaries],
    ),
  };
}

function gridJobs({ environment, scenarios, controllers, seeds }: Grid): Job[] {
  return scenarios.flatMap(({ name }) =>
    controllers
      .filter((controller) => !/^static-\d+$/.test(controller))
      .flatMap((controller) =>
        seeds.map((seed) => ({ environment, scenario: name, controller, seed, withTimeline: seed === 1 })),
      ),
  );
}

/** Ours at every phase of the tick; the others, for the pictures, once. */
function measuredJobs(kinds: readonly Scenario[], options: SimulateOptions, phases: number): Job[] {
  const environment = MEASURED.name;
  return kinds.flatMap(({ name: scenario }) =>
    options.controllers.flatMap((controller): Job[] => {
      const common = { environment, scenario, controller };
      if (!controller.startsWith('sluice'))
        return upTo(options.seeds).map((seed) => ({ ...common, seed, withTimeline: seed === 1 }));
      return upTo(options.seeds).flatMap((seed) =>
        upTo(phases).map((phase) => ({
          ...common,
          seed,
          phase: ((phase - 1) * TICK_SECONDS) / phases,
          withTimeline: seed === 1 && phase === 1,
        })),
      );
    }),
  );
}

async function runOthers(
  { quick, environment }: SimulateOptions,
  pool: Pool,
  grid: Grid,
): Promise<{ environment: typeof SLOW; summaries: Summary[] }[]> {
  if (quick || environment === SLOW.name) return [];
  const runs = await pool.run(gridJobs({ ...grid, environment: SLOW.name }));
  return [{ environment: SLOW, summaries: summarize(runs) }];
}

function gather(results: readonly RandomTraceResult[]): Omit<SimulationReport['random'], 'traces'> {
  const breaches: Record<string, { count: number; example: string }> = {};
  for (const { index, breaches: found } of results)
    for (const { invariant, at, stage, what } of found) {
      const example = `trace ${index}, ${stage} at ${at} s: ${what}`;
      const known = (breaches[invariant] ??= { count: 0, example });
      known.count++;
    }
  const sum = (of: (result: RandomTraceResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  return { decisions: sum(({ decisions }) => decisions), actions: sum(({ actions }) => actions), breaches };
}
