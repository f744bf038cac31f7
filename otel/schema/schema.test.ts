import * as semconv from '@opentelemetry/semantic-conventions/incubating';
import { expect, test } from 'vitest';
import type { MetricDefinition, MetricName } from './metrics.ts';
import { METRICS, prometheusName } from './metrics.ts';
import { renderReadme } from './render.ts';
import { ERROR_ATTRIBUTE, SPANS } from './spans.ts';

const metrics: [string, MetricDefinition][] = Object.entries(METRICS);

test('README.md is what the schema says', async () => {
  await expect(renderReadme()).toMatchFileSnapshot('./README.md');
});

test('names are dotted words, ours begin with sluice', () => {
  const name = /^(sluice|process|nodejs)(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$/;
  expect(metrics.filter(([given]) => !name.test(given))).toEqual([]);
});

test('a name does not carry its unit, and a duration is in seconds', () => {
  expect(metrics.filter(([name]) => /seconds|bytes|_ms|_total$/.test(name))).toEqual([]);
  const durations = metrics.filter(([name]) => /\.(duration|age|delay|uptime)\b/.test(name));
  expect(durations.length).toBeGreaterThan(5);
  expect(durations.filter(([, { unit }]) => unit !== 's')).toEqual([]);
});

test('histograms, and only they, have buckets, which rise', () => {
  expect(metrics.filter(([, { kind, buckets }]) => (kind === 'histogram') !== Boolean(buckets))).toEqual([]);
  for (const [, { buckets = [] }] of metrics)
    expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
});

test('no two metrics share a name on /metrics', () => {
  const names = (Object.keys(METRICS) as MetricName[]).map(prometheusName);
  expect(new Set(names).size).toBe(names.length);
});

test('span attributes are ours or semantic conventions', () => {
  const known = new Set<unknown>(Object.values(semconv));
  const used = [ERROR_ATTRIBUTE, ...Object.values(SPANS).flatMap((span) => [...span.attributes])];
  expect(used.filter((name) => !name.startsWith('sluice.') && !known.has(name))).toEqual([]);
});
