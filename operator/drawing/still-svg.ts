import type { EChartsCoreOption } from 'echarts/core';
import * as echarts from 'echarts';

/** What a chart shows, in the terms of ECharts: https://echarts.apache.org/en/option.html */
export type ChartOption = EChartsCoreOption;

export const TEXT = { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: 13, color: '#222222' };

/** A chart as SVG text that does nothing when it is pointed at: the same option gives the same text. */
export function renderSvg(option: ChartOption, width: number, height: number): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: '#ffffff', textStyle: TEXT, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${toStill(svg)}\n`;
}

/** Without classes, styles and ids that count the charts of the process; a tenth of a pixel is fine enough. */
function toStill(svg: string): string {
  return svg
    .replaceAll(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/<style[^>]*>[^]*?<\/style>\n?/, '')
    .replaceAll(/zr\d+-/g, 'zr-')
    .replaceAll(/<[^>]+>/g, rounded);
}

/** Coordinates are in tags; what stands between them is meant to be read. */
function rounded(tag: string): string {
  return tag.replaceAll(/\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10));
}
