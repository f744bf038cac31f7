import { expect, test } from 'vitest';
import { renderSvg } from './still-svg.ts';

const draw = (): string =>
  renderSvg(
    {
      title: { text: 'A rate of 1.2345 per second' },
      xAxis: { type: 'value' },
      yAxis: { type: 'value' },
      series: [
        { type: 'line', data: [1, 3, 7].map((x) => [x, x / 3]), label: { show: true, formatter: '0.125' } },
      ],
    },
    400,
    300,
  );

test('the same chart gives the same text, however many were drawn before', () => {
  expect(draw()).toBe(draw());
});

test('nothing in it reacts to a pointer', () => {
  expect(draw()).not.toMatch(/<style|class=|:hover/);
});

test('coordinates are rounded to a tenth of a pixel, and nothing that is read', () => {
  const svg = draw();
  const tags = svg.match(/<[^>]+>/g) ?? [];
  expect(tags.filter((tag) => /\d\.\d{2}/.test(tag))).toEqual([]);
  expect(svg).toContain('1.2345');
  expect(svg).toContain('0.125');
});
