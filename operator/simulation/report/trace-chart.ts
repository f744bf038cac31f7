import type { ChartOption } from '../../drawing/still-svg.ts';
import { TEXT, renderSvg } from '../../drawing/still-svg.ts';
import type { Course } from '../run/job.ts';

/** One controller's line. */
export interface Line {
  readonly controller: string;
  readonly label: string;
  readonly course: Course;
}

export interface TraceChart {
  readonly title: string;
  readonly subtitle: string;
  readonly objectiveSeconds: number;
  /** The first is ours and is drawn on top. */
  readonly lines: readonly Line[];
}

/** Okabe and Ito's colours, ours in blue; dashes tell the others apart without colour. */
const STYLES = [
  { color: '#0072b2', type: 'solid', width: 2.6 },
  { color: '#d55e00', type: 'solid', width: 1.4 },
  { color: '#e69f00', type: [8, 3], width: 1.4 },
  { color: '#009e73', type: [5, 2, 1, 2], width: 1.4 },
  { color: '#cc79a7', type: [2, 2], width: 1.4 },
  { color: '#555555', type: [1, 3], width: 1.6 },
] as const;

const WIDTH = 1_000;
const PANEL = 150;
const TOP = 128;
const GAP = 44;

interface Panel {
  readonly key: 'rate' | 'replicas' | 'lag' | 'age';
  readonly name: string;
  readonly log: boolean;
}
const PANELS: readonly Panel[] = [
  { key: 'rate', name: 'load: records per second', log: false },
  { key: 'replicas', name: 'replicas ordered, all stages', log: false },
  { key: 'lag', name: 'lag: records waiting, all stages', log: true },
  { key: 'age', name: 'age: seconds the oldest record has waited in a stage', log: true },
];

/** Load, replicas, lag and age over time, one line per controller. */
export function drawTrace(chart: TraceChart): string {
  return renderSvg(optionOf(chart), WIDTH, TOP + PANELS.length * (PANEL + GAP) + 24);
}

function optionOf({ title, subtitle, objectiveSeconds, lines }: TraceChart): ChartOption {
  const last = lines[0]!.course.seconds.at(-1)!;
  const top = (index: number): number => TOP + index * (PANEL + GAP);
  return {
    title: [
      {
        text: title,
        subtext: subtitle,
        left: 16,
        top: 8,
        textStyle: { ...TEXT, fontSize: 17 },
        subtextStyle: TEXT,
      },
      ...PANELS.map(({ name, log }, index) => ({
        text: log ? `${name} (logarithmic)` : name,
        left: 66,
        top: top(index) - 24,
        textStyle: { ...TEXT, fontWeight: 'bold' as const },
      })),
    ],
    legend: {
      top: 62,
      left: 66,
      itemWidth: 34,
      itemGap: 26,
      textStyle: TEXT,
      itemStyle: { opacity: 0 },
      data: lines.map(({ label }) => label),
    },
    grid: PANELS.map((_, index) => ({ left: 70, right: 24, top: top(index), height: PANEL })),
    xAxis: PANELS.map((_, index) => xAxis(index, last)),
    yAxis: PANELS.map(({ log, key }, index) => yAxis(index, log, key)),
    series: [
      ...PANELS.flatMap((panel, index) => seriesOf(panel, index, lines)),
      objective(objectiveSeconds, last),
    ],
  };
}

function xAxis(index: number, last: number) {
  const isLowest = index === PANELS.length - 1;
  return {
    type: 'value',
    gridIndex: index,
    min: 0,
    max: last,
    interval: tickSeconds(last),
    name: isLowest ? 'minutes' : '',
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: TEXT,
    splitLine: { show: true, lineStyle: { color: '#eeeeee' } },
    axisLabel: {
      ...TEXT,
      show: true,
      showMaxLabel: false,
      formatter: (value: number) => String(Math.round((value / 60) * 10) / 10),
    },
  };
}

function tickSeconds(last: number): number {
  return [30, 60, 120, 300, 600, 1_200].find((step) => last / step <= 14) ?? 1_800;
}

function yAxis(index: number, log: boolean, key: Panel['key']) {
  const min = key === 'lag' ? 1 : 0.1;
  return {
    type: log ? 'log' : 'value',
    gridIndex: index,
    ...(log ? { min } : { min: 0, splitNumber: 4, boundaryGap: [0, '8%'] }),
    splitLine: { lineStyle: { color: '#dddddd' } },
    axisLabel: { ...TEXT, formatter: (value: number) => value.toLocaleString('en-US') },
  };
}

/** The load is the same for all, so it is drawn once. */
function seriesOf({ key, log }: Panel, index: number, lines: readonly Line[]) {
  const floor = key === 'lag' ? 1 : 0.1;
  const drawn = key === 'rate' ? lines.slice(0, 1) : lines;
  return drawn.map(({ label, course }, line) => {
    const style =
      key === 'rate' ? { color: '#222222', type: 'solid', width: 1.6 } : STYLES[line % STYLES.length]!;
    return {
      type: 'line',
      name: key === 'rate' ? 'load' : label,
      xAxisIndex: index,
      yAxisIndex: index,
      symbol: 'none',
      step: key === 'replicas' ? 'end' : false,
      z: line === 0 ? 5 : 2,
      data: course.seconds.map((second, point) => [
        second,
        log ? Math.max(floor, course[key][point]!) : course[key][point]!,
      ]),
      lineStyle: style,
      itemStyle: { color: style.color },
    };
  });
}

function objective(seconds: number, last: number) {
  const index = PANELS.length - 1;
  return {
    type: 'line',
    name: 'objective',
    xAxisIndex: index,
    yAxisIndex: index,
    symbol: 'none',
    z: 1,
    data: [
      [0, seconds],
      [last, seconds],
    ],
    lineStyle: { color: '#b00020', width: 1.2, type: [6, 4] },
    endLabel: { show: true, formatter: 'objective', ...TEXT, color: '#b00020', offset: [-74, -9] },
  };
}
