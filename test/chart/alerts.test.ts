import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { pick, render, ROOT, run, tool } from './helm.ts';

/** The rules as a release gets them, and what Prometheus itself makes of them. */
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-alerts-'));
  const objects = await render({ set: ['metrics.rules.enabled=true'] });
  const { spec } = pick(objects, 'PrometheusRule', 'metrics');
  await writeFile(join(directory, 'alerts.yaml'), stringify(spec));
  await copyFile(join(ROOT, 'otel', 'alerts', 'alerts.test.yaml'), join(directory, 'alerts.test.yaml'));
});
afterAll(() => rm(directory, { recursive: true }));

test('the alerts fire when they should, say what they should, and then are silent again', async () => {
  const { code, stdout, stderr } = await run(tool('promtool'), [
    'test',
    'rules',
    join(directory, 'alerts.test.yaml'),
  ]);
  expect(stdout + stderr).not.toContain('FAILED');
  expect(code).toBe(0);
});

test('Prometheus finds nothing to complain of in the rules', async () => {
  const { code, stdout, stderr } = await run(tool('promtool'), [
    'check',
    'rules',
    '--lint=all',
    '--lint-fatal',
    join(directory, 'alerts.yaml'),
  ]);
  expect(stdout + stderr).toMatch(/SUCCESS: \d+ rules found/);
  expect(code).toBe(0);
});
