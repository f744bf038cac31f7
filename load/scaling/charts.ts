import type { PanelLine, Style } from '../../operator/drawing/panels.ts';
import { drawPanels } from '../../operator/drawing/panels.ts';
import { oldestBySecond, waitingBySecond } from './figures.ts';
import type { Run } from './run.ts';
import type { Trace } from './traces.ts';
import { MAX_AGE_SECONDS, neededAt, rateAt, secondsOf } from './traces.ts';

const LOAD: Style = { color: '#222222', type: 'solid', width: 1.6 };
const NEEDED: Style = { color: '#777777', type: [2, 3], width: 1.4 };
const MEDIAN: Style = { color: '#0072b2', type: 'solid', width: 2.4 };
const OTHERS: Style = { color: '#56b4e9', type: 'solid', width: 1 };

/** Load, replicas, lag and age of all runs of one kind over time; the middle one stands out. */
export function drawRuns(title: string, trace: Trace, runs: readonly Run[], middle: Run): string {
  const seconds = secondsOf(trace);
  const each = Array.from({ length: seconds }, (_, second) => second);
  const others = runs.filter((run) => run !== middle);
  const lines = (values: (run: Run) => PanelLine['points']): PanelLine[] => [
    ...others.map((run) => ({ name: 'the other runs', style: OTHERS, points: values(run) })),
    { name: 'the middle run', style: MEDIAN, points: values(middle) },
  ];
  const bySecond = (values: readonly number[]): PanelLine['points'] => [...values.entries()];
  const load = each.map((second) => [second, rateAt(trace, second)] as const);
  const needed = each.map((second) => [second, neededAt(trace, second)] as const);
  return drawPanels({
    title,
    subtitle: trace.title,
    seconds,
    panels: [
      {
        title: 'load: records per second',
        steps: true,
        lines: [{ name: 'load', style: LOAD, points: load }],
      },
      {
        title: 'replicas asked for',
        steps: true,
        lines: [...lines(replicasOver(seconds)), { name: 'needed', style: NEEDED, points: needed }],
      },
      {
        title: 'lag: records waiting',
        lines: lines(({ records }) => bySecond(waitingBySecond(records, seconds))),
      },
      {
        title: 'age: seconds the oldest record has waited',
        limit: MAX_AGE_SECONDS,
        lines: lines(({ records }) => bySecond(oldestBySecond(records, seconds))),
      },
    ],
  });
}

const replicasOver =
  (seconds: number) =>
  ({ settings }: Run): PanelLine['points'] => [
    ...settings.map(({ second, replicas }) => [Math.max(0, second), replicas] as const),
    [seconds, settings.at(-1)!.replicas],
  ];
