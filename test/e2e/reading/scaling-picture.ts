import type { CoursePoint, PanelLine, Style } from '../../../operator/drawing/panels.ts';
import { drawPanels } from '../../../operator/drawing/panels.ts';
import type { Sample } from './scaling-record.ts';

const LOAD: Style = { color: '#222222', type: 'solid', width: 1.6 };
const OWN: Style = { color: '#0072b2', type: 'solid', width: 2.4 };
const READY: Style = { color: '#56b4e9', type: [5, 3], width: 1.6 };

/** Load, replicas, lag and age of one stage over time, as the status of its StageScaler told them: SVG. */
export function drawScaling(title: string, samples: readonly Sample[], objectiveSeconds: number): string {
  const originMs = samples[0]?.atMs ?? 0;
  const line = (name: string, style: Style, value: (sample: Sample) => number | undefined): PanelLine => ({
    name,
    style,
    points: samples.map((sample): CoursePoint => [(sample.atMs - originMs) / 1_000, value(sample)]),
  });
  return drawPanels({
    title,
    subtitle: 'as kubectl get stagescalers tells it',
    seconds: ((samples.at(-1)?.atMs ?? originMs) - originMs) / 1_000,
    panels: [
      {
        title: 'load: records per second',
        lines: [line('load', LOAD, ({ arrivalPerSecond }) => arrivalPerSecond)],
      },
      {
        title: 'replicas',
        steps: true,
        lines: [
          line('as observed', OWN, ({ replicas }) => replicas),
          line('ready', READY, ({ readyReplicas }) => readyReplicas),
        ],
      },
      {
        title: 'lag: records waiting',
        lines: [line('as observed', OWN, ({ lagRecords }) => lagRecords)],
      },
      {
        title: 'age: seconds the oldest record has waited',
        limit: objectiveSeconds,
        lines: [line('as observed', OWN, ({ ageSeconds }) => ageSeconds)],
      },
    ],
  });
}
