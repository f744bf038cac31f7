import type { ChartOption } from '../../operator/drawing/still-svg.ts';
import { TEXT, renderSvg } from '../../operator/drawing/still-svg.ts';
import type { Measurement } from '../lib/measure.ts';
import { ARTICLE } from './article.ts';
import type { DuelReport, Pair } from './report-data.ts';
import { usersOf } from './report-data.ts';

/** Blue and orange of Okabe and Ito; the shapes and dashes tell the modes apart without any colour. */
const ASYNC = { color: '#0072b2', dash: 'solid', symbol: 'circle' } as const;
const SYNC = { color: '#d55e00', dash: 'dashed', symbol: 'rect' } as const;
const GREY = '#666666';

/** The pictures of a report by file name: a pure function of it. */
export function drawCharts(report: DuelReport): Record<string, string> {
  return {
    'curve.svg': renderSvg(curve(report), 900, 520),
    'latency.svg': renderSvg(latency(report), 900, 460),
    'timeline.svg': renderSvg(timeline(report), 900, 620),
  };
}

const title = (text: string, subtext: string) => ({
  text,
  subtext,
  left: 16,
  top: 8,
  textStyle: { ...TEXT, fontSize: 17, fontWeight: 'bold' as const },
  subtextStyle: { ...TEXT, color: GREY },
});

/** Widths of texts are estimated where there is no browser, hence the generous gap. */
const legend = { top: 66, left: 74, itemWidth: 40, itemGap: 36, textStyle: TEXT };
const axisName = { nameLocation: 'middle' as const, nameTextStyle: { ...TEXT, fontWeight: 'bold' as const } };
const gridLines = { splitLine: { lineStyle: { color: '#dddddd' } }, axisLabel: TEXT };

const round = (value: number): number => Number(value.toPrecision(3));

/** Completed per second over the number of users, both axes logarithmic. */
function curve(report: DuelReport): ChartOption {
  const pairs = [...report.sweep, ...report.curve].toSorted((a, b) => usersOf(a.async) - usersOf(b.async));
  const series = (mode: 'async' | 'sync', name: string, style: typeof ASYNC | typeof SYNC) => ({
    type: 'line',
    name,
    data: pairs.map((pair) => [usersOf(pair[mode]), round(pair[mode].completedPerSecond)]),
    symbol: style.symbol,
    symbolSize: 9,
    lineStyle: { color: style.color, type: style.dash, width: 2.5 },
    itemStyle: { color: style.color },
    label: {
      show: true,
      position: mode === 'async' ? 'top' : 'bottom',
      distance: 9,
      formatter: ({ value }: { value: number[] }) => String(value[1]),
      ...TEXT,
      color: style.color,
    },
  });
  const users = pairs.map((pair) => usersOf(pair.async));
  const article = (value: number, name: string) => ({ value: [ARTICLE.users, value], name });
  return {
    title: title(
      'Transactions completed per second, by number of users',
      `Remote system: ${report.remoteLatencyMs} ms. Closed model: each user waits for the answer, then sends again.`,
    ),
    legend,
    grid: { left: 78, right: 40, top: 110, bottom: 70 },
    xAxis: {
      type: 'log',
      name: 'users (each with one connection)',
      nameGap: 36,
      min: Math.min(...users) * 0.7,
      max: Math.max(...users) * 1.6,
      ...axisName,
      ...gridLines,
      axisLabel: { ...TEXT, showMinLabel: false, showMaxLabel: false },
    },
    yAxis: { type: 'log', name: 'completed per second', nameGap: 52, ...axisName, ...gridLines },
    series: [
      series('async', 'event-driven', ASYNC),
      series('sync', 'synchronous', SYNC),
      {
        type: 'scatter',
        name: "the article's operations/s",
        symbol: 'diamond',
        symbolSize: 13,
        itemStyle: { color: '#ffffff', borderColor: '#222222', borderWidth: 1.5 },
        data: [
          article(ARTICLE.async.operationsPerSecond, '560'),
          article(ARTICLE.sync.operationsPerSecond, '79'),
        ],
        label: { show: true, position: 'left', distance: 9, formatter: '{b}', ...TEXT },
      },
    ],
  };
}

/** Reply and whole transaction of the main experiment. */
function latency({ main, users, remoteLatencyMs }: DuelReport): ChartOption {
  const groups: [
    string,
    (mode: Measurement) => Partial<Record<'p50' | 'p95' | 'p99', number | undefined>>,
  ][] = [
    ['reply', ({ load }) => load.reply],
    ['whole transaction', ({ wholeMs }) => wholeMs],
  ];
  const columns = groups.flatMap(([group, pick]) =>
    (['p50', 'p95', 'p99'] as const).map((share) => ({ label: `${group}\n${share}`, pick, share })),
  );
  const series = (mode: 'async' | 'sync', name: string, style: typeof ASYNC | typeof SYNC) => ({
    type: 'bar',
    name,
    barGap: '10%',
    itemStyle: {
      color: style.color,
      decal: mode === 'sync' ? STRIPES : undefined,
      borderColor: style.color,
      borderWidth: 1,
    },
    data: columns.map(({ pick, share }) => round(pick(main[mode])[share] ?? 0)),
    label: { show: true, position: 'top', ...TEXT },
  });
  return {
    title: title(
      'How long a client waits, and how long the work takes',
      `${users} users, remote system ${remoteLatencyMs} ms. The reply is what the client waits for; ` +
        'the whole transaction ends in its terminal state.',
    ),
    legend,
    grid: { left: 78, right: 30, top: 110, bottom: 60 },
    xAxis: { type: 'category', data: columns.map(({ label }) => label), axisLabel: { ...TEXT, interval: 0 } },
    yAxis: { type: 'value', name: 'milliseconds', nameGap: 52, ...axisName, ...gridLines },
    series: [series('async', 'event-driven', ASYNC), series('sync', 'synchronous', SYNC)],
  };
}

const STRIPES = {
  symbol: 'rect',
  dashArrayX: [1, 0],
  dashArrayY: [3, 5],
  rotation: -Math.PI / 4,
  color: '#ffffff',
};

/** The main experiment second by second: each mode with its own panel for rates, and the backlog of both. */
function timeline({ main, users }: DuelReport): ChartOption {
  const panels: [keyof Pair, string][] = [
    ['async', 'event-driven'],
    ['sync', 'synchronous'],
  ];
  const last = Math.max(...panels.map(([mode]) => main[mode].timeline.length)) - 1;
  const tops = [132, 372];
  const line = (index: number, name: string, data: number[][], dash: 'solid' | 'dashed' | 'dotted') => ({
    type: 'line',
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    showSymbol: false,
    symbol: 'none',
    data,
    lineStyle: { width: dash === 'dotted' ? 2.5 : 2, type: dash, color: LINES[dash] },
    itemStyle: { color: LINES[dash] },
  });
  return {
    title: [
      title(
        'The experiment, second by second',
        `${users} users ramped up. After the load has stopped, what is still open drains.`,
      ),
      ...panels.map(([, label], index) => ({
        text: label,
        left: 74,
        top: tops[index]! - 28,
        textStyle: { ...TEXT, fontWeight: 'bold' as const },
      })),
    ],
    legend,
    grid: tops.map((top) => ({ left: 78, right: 40, top, height: 170 })),
    xAxis: panels.map((_, index) => ({
      type: 'value',
      gridIndex: index,
      min: 0,
      max: last,
      name: index === 1 ? 'seconds since the first request' : '',
      nameGap: 30,
      ...axisName,
      splitLine: { show: false },
      axisLabel: { ...TEXT, showMaxLabel: false },
    })),
    yAxis: panels.map((_, index) => ({
      type: 'value',
      gridIndex: index,
      name: 'per second; open',
      nameGap: 52,
      ...axisName,
      ...gridLines,
    })),
    series: panels.flatMap(([mode], index) => {
      const points = main[mode].timeline;
      return [
        line(
          index,
          'accepted per second',
          points.map((p) => [p.second, p.accepted]),
          'solid',
        ),
        line(
          index,
          'completed per second',
          points.map((p) => [p.second, p.completed]),
          'dashed',
        ),
        line(
          index,
          'open: accepted, not ended',
          points.map((p) => [p.second, p.backlog]),
          'dotted',
        ),
      ];
    }),
  };
}

const LINES = { solid: '#0072b2', dashed: '#d55e00', dotted: '#444444' } as const;
