import { TEXT, renderSvg } from './still-svg.ts';

/** `undefined` is a gap: nothing was known. */
export type CoursePoint = readonly [seconds: number, value: number | undefined];

export interface Style {
  readonly color: string;
  /** Lengths of dashes and gaps, or a name. */
  readonly type: 'solid' | 'dashed' | 'dotted' | readonly number[];
  readonly width: number;
}

export interface PanelLine {
  /** Lines of one name are one entry of the legend, and should have one style. */
  readonly name: string;
  readonly style: Style;
  readonly points: readonly CoursePoint[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly PanelLine[];
  /** Values that hold until they change, such as replicas. */
  readonly steps?: boolean;
  /** A value that is drawn as a thin line across, such as an objective. */
  readonly limit?: number;
}

export interface PanelChart {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly Panel[];
  /** End of the time axis; it begins at 0. */
  readonly seconds: number;
}

const WIDTH = 1_000;
const HEIGHT = 120;
const GAP = 46;
const TOP = 110;
const LIMIT = { color: '#b00020', width: 1.2, type: [6, 4] };

/** Courses below each other over one axis of time. */
export function drawPanels({ title, subtitle, panels, seconds }: PanelChart): string {
  const top = (index: number): number => TOP + index * (HEIGHT + GAP);
  const head = { text: title, subtext: subtitle, left: 16, top: 8 };
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const option = {
    title: [
      { ...head, textStyle: { ...TEXT, fontSize: 17 }, subtextStyle: TEXT },
      ...panels.map((panel, index) => ({
        text: panel.title,
        left: 66,
        top: top(index) - 24,
        textStyle: { ...TEXT, fontWeight: 'bold' as const },
      })),
    ],
    legend: { top: 56, left: 66, itemWidth: 34, itemGap: 26, textStyle: TEXT, data: names },
    grid: panels.map((_, index) => ({ left: 70, right: 24, top: top(index), height: HEIGHT })),
    xAxis: panels.map((_, index) => xAxis(index, seconds, index === panels.length - 1)),
    yAxis: panels.map(({ steps }, gridIndex) => ({
      type: 'value',
      gridIndex,
      min: 0,
      splitNumber: 3,
      ...(steps ? { minInterval: 1 } : {}),
      splitLine: { lineStyle: { color: '#dddddd' } },
      axisLabel: TEXT,
    })),
    series: panels.flatMap((panel, index) => seriesOf(panel, index, seconds)),
  };
  return renderSvg(option, WIDTH, TOP + panels.length * (HEIGHT + GAP) + 24);
}

function xAxis(gridIndex: number, seconds: number, isLowest: boolean) {
  return {
    type: 'value',
    gridIndex,
    min: 0,
    max: Math.ceil(seconds),
    name: isLowest ? 'seconds' : '',
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: TEXT,
    splitLine: { lineStyle: { color: '#eeeeee' } },
    axisLabel: { ...TEXT, showMaxLabel: false },
  };
}

function seriesOf({ lines, steps = false, limit }: Panel, index: number, seconds: number) {
  const place = { type: 'line', xAxisIndex: index, yAxisIndex: index, symbol: 'none' };
  const drawn = lines.map(({ name, style, points }) => ({
    ...place,
    name,
    step: steps ? 'end' : false,
    data: points.map(([at, value]) => [at, value ?? null]),
    lineStyle: style,
    itemStyle: { color: style.color },
  }));
  if (limit === undefined) return drawn;
  const across = [0, seconds].map((at) => [at, limit]);
  return [...drawn, { ...place, name: 'limit', z: 1, data: across, lineStyle: LIMIT }];
}
