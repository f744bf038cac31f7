import type { EChartsCoreOption } from 'echarts/core';
import * as echarts from 'echarts';

export const TEXT = { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: 13, color: '#222222' };

/** A chart as SVG text that does nothing when it is pointed at: the same option gives the same text. */
export function renderSvg(option: EChartsCoreOption, width: number, height: number): string {
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
    .replaceAll(/\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10));
}
