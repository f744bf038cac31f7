import { TEXT, renderSvg } from '../../drawing/still-svg.ts';
import type { Comparison, Course, Point } from './replay.ts';

const WIDTH = 1_000;
const PANEL = 120;
const GAP = 46;
const TOP = 110;
const RECORDED = { color: '#d55e00', type: 'dashed', width: 1.8 } as const;
const WHAT_IF = { color: '#0072b2', type: 'solid', width: 2.4 } as const;

interface Panel {
  readonly title: string;
  readonly comparison: Comparison;
  readonly pick: (point: Point) => number | undefined;
  readonly steps: boolean;
}

/** Replicas, lag and age of every scaler over time, as recorded and as they would have been. */
export function drawComparison(comparisons: readonly Comparison[], subtitle: string): string {
  const panels = comparisons.flatMap((comparison): Panel[] => [
    { title: `${comparison.name}: replicas`, comparison, pick: ({ desired }) => desired, steps: true },
    { title: `${comparison.name}: lag, records`, comparison, pick: ({ lag }) => lag, steps: false },
    { title: `${comparison.name}: age, seconds`, comparison, pick: ({ age }) => age, steps: false },
  ]);
  const start = Math.min(...comparisons.map(({ recorded }) => recorded.points[0]?.at ?? 0));
  const end = Math.max(...comparisons.map(({ recorded }) => recorded.points.at(-1)?.at ?? 0)) - start;
  const top = (index: number): number => TOP + index * (PANEL + GAP);
  const option = {
    title: [
      {
        text: 'What if',
        subtext: subtitle,
        left: 16,
        top: 8,
        textStyle: { ...TEXT, fontSize: 17 },
        subtextStyle: TEXT,
      },
      ...panels.map(({ title }, index) => ({
        text: title,
        left: 66,
        top: top(index) - 24,
        textStyle: { ...TEXT, fontWeight: 'bold' as const },
      })),
    ],
    legend: { top: 56, left: 66, itemWidth: 34, itemGap: 26, textStyle: TEXT, data: ['recorded', 'what if'] },
    grid: panels.map((_, index) => ({ left: 70, right: 24, top: top(index), height: PANEL })),
    xAxis: panels.map((_, gridIndex) => ({
      type: 'value',
      gridIndex,
      min: 0,
      max: Math.ceil(end),
      name: gridIndex === panels.length - 1 ? 'seconds' : '',
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: TEXT,
      splitLine: { lineStyle: { color: '#eeeeee' } },
      axisLabel: { ...TEXT, showMaxLabel: false },
    })),
    yAxis: panels.map(({ steps }, gridIndex) => ({
      type: 'value',
      gridIndex,
      min: 0,
      splitNumber: 3,
      ...(steps ? { minInterval: 1 } : {}),
      splitLine: { lineStyle: { color: '#dddddd' } },
      axisLabel: TEXT,
    })),
    series: panels.flatMap((panel, index) => [
      line(panel, panel.comparison.recorded, { index, start, name: 'recorded' }),
      ...(panel.comparison.whatIf
        ? [line(panel, panel.comparison.whatIf, { index, start, name: 'what if' })]
        : []),
    ]),
  };
  return renderSvg(option, WIDTH, TOP + panels.length * (PANEL + GAP) + 24);
}

interface Place {
  readonly index: number;
  readonly start: number;
  readonly name: 'recorded' | 'what if';
}

function line({ pick, steps }: Panel, { points }: Course, { index, start, name }: Place) {
  const style = name === 'recorded' ? RECORDED : WHAT_IF;
  return {
    type: 'line',
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    symbol: 'none',
    step: steps ? 'end' : false,
    // Where nothing is known there is a gap.
    data: points.map((point) => [point.at - start, pick(point) ?? null]),
    lineStyle: style,
    itemStyle: { color: style.color },
  };
}
