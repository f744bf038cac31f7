import { expect, test } from 'vitest';
import { drawPanels } from './panels.ts';

const style = { color: '#0072b2', type: 'solid', width: 2 } as const;
const chart = (points: readonly (readonly [number, number | undefined])[], limit?: number): string =>
  drawPanels({
    title: 'Title',
    subtitle: 'subtitle',
    seconds: 100,
    panels: [{ title: 'age', lines: [{ name: 'ours', style, points }], ...(limit && { limit }) }],
  });
const strokes = (svg: string, color: string): string[] =>
  (svg.match(/<path[^>]*>/g) ?? []).filter((path) => path.includes(`stroke="${color}"`));

test('titles, axis and legend are words in the picture', () => {
  const svg = chart([
    [0, 1],
    [50, 2],
  ]);
  for (const word of ['Title', 'subtitle', 'age', 'ours', 'seconds']) expect(svg).toContain(`>${word}<`);
});

test('where nothing was known there is a gap', () => {
  const whole = chart([0, 20, 40, 60].map((at) => [at, 1] as const));
  const broken = chart([0, 20, 30, 40, 60].map((at) => [at, at === 30 ? undefined : 1] as const));
  const moves = (svg: string): number =>
    strokes(svg, style.color).reduce((sum, path) => sum + (path.match(/M/g) ?? []).length, 0);
  expect(moves(broken)).toBeGreaterThan(moves(whole));
});

test('a limit is a line of its own', () => {
  const points = [[0, 1] as const, [50, 2] as const];
  expect(strokes(chart(points), '#b00020')).toHaveLength(0);
  expect(strokes(chart(points, 10), '#b00020')).toHaveLength(1);
});
