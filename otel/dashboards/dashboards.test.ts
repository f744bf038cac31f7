import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { unknownIn } from './metrics-in-use.ts';
import type { Dashboard } from './panels.ts';
import { renderDashboard } from './panels.ts';
import { PIPELINE } from './pipeline.ts';
import { SCALING } from './scaling.ts';

const DASHBOARDS: readonly (readonly [string, Dashboard])[] = [
  ['pipeline', PIPELINE],
  ['scaling', SCALING],
];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

async function readRules(): Promise<Rule[]> {
  const text = await readFile(new URL('../alerts/alerts.yaml', import.meta.url), 'utf8');
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

describe.each(DASHBOARDS)('dashboard %s', (name, dashboard) => {
  const panels = dashboard.rows.flatMap((row) => row.panels);

  test('the JSON is what the source says', async () => {
    await expect(renderDashboard(dashboard)).toMatchFileSnapshot(`./${name}.json`);
  });

  test('every series and label is in the schema of metrics', () => {
    const unknown = panels.flatMap(({ queries }) => queries.flatMap(({ expr }) => unknownIn(expr)));
    expect(unknown).toEqual([]);
    expect(panels.length).toBeGreaterThan(10);
  });

  test('panels have titles of their own and do not overlap', () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const { panels: placed } = JSON.parse(renderDashboard(dashboard)) as {
      panels: { gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    const cells = placed.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

test('every series and label of an alert is in the schema of metrics', async () => {
  const rules = await readRules();
  expect(rules.flatMap(({ alert, expr }) => unknownIn(expr).map((what) => `${alert}: ${what}`))).toEqual([]);
  expect(rules.length).toBeGreaterThan(10);
});

test('alerts look at one namespace, have names of their own, and say what to do', async () => {
  const rules = await readRules();
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  const isWhole = ({ expr, labels, annotations }: Rule): boolean => {
    const series = expr.match(/\bsluice_[a-z_]+/g) ?? [];
    const here = expr.match(/namespace="__NAMESPACE__"/g) ?? [];
    const { summary, description } = annotations;
    return (
      series.length === here.length &&
      /^(warning|critical)$/.test(labels.severity) &&
      Boolean(summary && description)
    );
  };
  expect(rules.filter((rule) => !isWhole(rule)).map(({ alert }) => alert)).toEqual([]);
});

test.each([
  ['a series that nobody emits', 'rate(sluice_nothing_total[5m])', ['sluice_nothing_total']],
  ['a histogram without its suffix', 'sluice_stage_event_age', ['sluice_stage_event_age']],
  ['a counter without its suffix', 'sluice_dead_letters', ['sluice_dead_letters']],
  ['a label that the series lacks', 'sum by (topic) (sluice_outbox_age)', ['topic']],
  ['a matcher for a label that the series lacks', 'sluice_outbox_age{stage="x"}', ['stage']],
  ['nothing', 'sum by (stage) (sluice_dead_letters_total{namespace="x"})', []],
])('finds %s', (_what, expr, expected) => {
  expect(unknownIn(expr)).toEqual(expected);
});
