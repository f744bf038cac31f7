import type { CalibrationRow } from '../checks/calibration.ts';
import type { Verdict } from '../checks/targets.ts';
import type { Environment, Scenario } from '../model/scenario.ts';
import type { Summary } from '../run/summary.ts';
import type { TraceChart } from './trace-chart.ts';

/** Everything a report is written from. */
export interface SimulationReport {
  readonly command: string;
  readonly node: string;
  readonly seeds: readonly number[];
  readonly environment: Environment;
  /** The evaluation traces that were run. */
  readonly scenarios: readonly Scenario[];
  readonly summaries: readonly Summary[];
  readonly verdicts: readonly Verdict[];
  readonly calibration: readonly CalibrationRow[];
  /** The measured traces under ours and the fixed ones, at every phase. */
  readonly measured: readonly Summary[];
  readonly measuredVerdicts: readonly Verdict[];
  readonly phases: number;
  readonly heldOutSeeds: readonly number[];
  readonly heldOutVerdicts: readonly Verdict[];
  readonly others: readonly { readonly environment: Environment; readonly summaries: readonly Summary[] }[];
  readonly random: {
    readonly traces: number;
    readonly decisions: number;
    readonly actions: number;
    /** By invariant. */
    readonly breaches: Readonly<Record<string, { readonly count: number; readonly example: string }>>;
  };
  readonly controllers: readonly { readonly name: string; readonly source: string }[];
  readonly pictures: readonly {
    readonly scenario: string;
    readonly file: string;
    readonly chart: TraceChart;
  }[];
}
