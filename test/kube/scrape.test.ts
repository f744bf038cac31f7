import { expect, test } from 'vitest';
import { quantile, Scrape } from './scrape.ts';

const at = (fast: number, slow: number): Scrape =>
  new Scrape(
    [
      '# TYPE tick histogram',
      `tick_bucket{le="0.1"} ${fast}`,
      `tick_bucket{le="1"} ${fast + slow}`,
      `tick_bucket{le="+Inf"} ${fast + slow}`,
      `tick_count ${fast + slow}`,
      'calls_total{method="GET"} 3 1700000000000',
      'calls_total{method="PUT"} 4',
    ].join('\n'),
  );

test('a sum is over the series that match', () => {
  expect(at(1, 1).sum('calls_total')).toBe(7);
  expect(at(1, 1).sum('calls_total', (labels) => labels.includes('PUT'))).toBe(4);
});

test('a quantile is that of what came between', () => {
  expect(quantile(at(0, 50), at(99, 51), 'tick', 0.99)).toBe(0.1);
  expect(quantile(at(0, 50), at(90, 60), 'tick', 0.99)).toBe(1);
});

test('series that stand for others are told apart', () => {
  const text = 'lag{scaler="a"} 1\nlag{otel_metric_overflow="true"} 900';
  const { size, overflows } = new Scrape(text);
  expect([size, overflows]).toEqual([2, 1]);
});
