import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { CHART, ROOT } from './helm.ts';
import { renderValuesTable } from './values-table.ts';

/**
 * Helm reads nothing outside of a chart, so the chart has copies. `npx vitest run --project chart --update` makes them,
 * and the table of values in its README.
 */
const COPIES: Readonly<Record<string, string>> = {
  'operator/api/crd.yaml': 'stagescaler-crd.yaml',
  'otel/alerts/alerts.yaml': 'alerts.yaml',
  'otel/collector/collector.yaml': 'collector.yaml',
  'otel/collector/jaeger.yaml': 'jaeger.yaml',
  'otel/dashboards/pipeline.json': 'dashboards/pipeline.json',
  'otel/dashboards/scaling.json': 'dashboards/scaling.json',
  'load/lib/payments.ts': 'load/lib__payments.ts',
  'load/job/pipeline.js': 'load/job__pipeline.js',
  'load/job/smoke.js': 'load/job__smoke.js',
  'load/job/duel.js': 'load/job__duel.js',
  'load/job/ramp.js': 'load/job__ramp.js',
  'load/job/spike.js': 'load/job__spike.js',
  'load/job/soak.js': 'load/job__soak.js',
};

test.each(Object.entries(COPIES))('the chart has %s as it is', async (source, copy) => {
  const text = await readFile(join(ROOT, source), 'utf8');
  await expect(text).toMatchFileSnapshot(join(CHART, 'files', copy));
});

test('nothing else is copied, and nothing is left out', async () => {
  const there = await Array.fromAsync(glob('**/*.*', { cwd: join(CHART, 'files') }));
  expect(there.sort()).toEqual(Object.values(COPIES).sort());
  const scenarios = await Array.fromAsync(glob('load/job/*.js', { cwd: ROOT }));
  const copied = Object.keys(COPIES).filter((source) => source.startsWith('load/job/'));
  expect(scenarios.map((path) => basename(path)).sort()).toEqual(copied.map((path) => basename(path)).sort());
});

test('README.md lists every value', async () => {
  const [values, introduction] = await Promise.all([
    readFile(join(CHART, 'values.yaml'), 'utf8'),
    readFile(join(CHART, 'README.head.md'), 'utf8'),
  ]);
  const text = `${introduction}\n## Values\n\n${renderValuesTable(values)}`;
  await expect(text).toMatchFileSnapshot(join(CHART, 'README.md'));
});
