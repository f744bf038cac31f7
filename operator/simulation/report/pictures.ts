import { bestKeda } from '../checks/targets.ts';
import type { Scenario } from '../model/scenario.ts';
import type { JobResult } from '../run/job.ts';
import type { Summary } from '../run/summary.ts';
import type { SimulationReport } from './report-data.ts';
import type { Line } from './trace-chart.ts';

type Picture = SimulationReport['pictures'][number];

/** One picture per trace: ours first, then the best KEDA and the others that tell something. */
export function choosePictures(
  runs: readonly JobResult[],
  scenarios: readonly Scenario[],
  summaries: readonly Summary[],
): Picture[] {
  return scenarios.flatMap((scenario): Picture[] => {
    const { name } = scenario;
    const rows = summaries.filter((summary) => summary.scenario === name);
    const best = bestKeda(rows)?.controller;
    const wanted: readonly (readonly [string | undefined, string])[] = [
      ['sluice', 'ours'],
      ...(best === 'keda-default' ? [] : ([[best, `best KEDA (${best})`]] as const)),
      ['keda-default', best === 'keda-default' ? 'best KEDA (keda-default)' : 'keda-default'],
      ['flink-tuned', 'flink-tuned'],
      ['numaflow', 'numaflow'],
      ['oracle', 'oracle'],
    ];
    const lines = wanted.flatMap(([controller, label]): Line[] => {
      const run = runs.find(
        ({ job, course }) => course && job.scenario === name && job.controller === controller,
      );
      return run?.course ? [{ controller: run.job.controller, label, course: run.course }] : [];
    });
    if (lines.length === 0) return [];
    const objectiveSeconds = scenario.stages[0]!.maxAgeSeconds;
    return [
      {
        scenario: name,
        file: `${name}.svg`,
        chart: { title: name, subtitle: scenario.title, objectiveSeconds, lines },
      },
    ];
  });
}
