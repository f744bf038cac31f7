import type { Panel, Style } from '../../drawing/panels.ts';
import { drawPanels } from '../../drawing/panels.ts';
import type { Comparison, Course, Point } from './replay.ts';

const RECORDED: Style = { color: '#d55e00', type: 'dashed', width: 1.8 };
const WHAT_IF: Style = { color: '#0072b2', type: 'solid', width: 2.4 };

/** Replicas, lag and age of every scaler over time, as recorded and as they would have been. */
export function drawComparison(comparisons: readonly Comparison[], subtitle: string): string {
  const start = Math.min(...comparisons.map(({ recorded }) => recorded.points[0]?.at ?? 0));
  const end = Math.max(...comparisons.map(({ recorded }) => recorded.points.at(-1)?.at ?? 0));
  const panels = comparisons.flatMap((comparison) => panelsOf(comparison, start));
  return drawPanels({ title: 'What if', subtitle, panels, seconds: end - start });
}

function panelsOf({ name, recorded, whatIf }: Comparison, start: number): Panel[] {
  const panel = (what: string, pick: (point: Point) => number | undefined): Panel => {
    const line = (label: string, style: Style, { points }: Course) => ({
      name: label,
      style,
      points: points.map((point) => [point.at - start, pick(point)] as const),
    });
    const lines = [line('recorded', RECORDED, recorded)];
    return {
      title: `${name}: ${what}`,
      lines: whatIf ? [...lines, line('what if', WHAT_IF, whatIf)] : lines,
    };
  };
  return [
    { ...panel('replicas', ({ desired }) => desired), steps: true },
    panel('lag, records', ({ lag }) => lag),
    panel('age, seconds', ({ age }) => age),
  ];
}
