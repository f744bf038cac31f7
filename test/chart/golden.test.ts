import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CHART, render, run, tool, valueArguments } from './helm.ts';
import type { KubeObject } from './objects.ts';
import { RENDERINGS } from './renderings.ts';

/** The others differ from these in what other tests look at. */
const GOLDEN = ['default', 'demo', 'ha', 'everything'] as const;
/** What goes into objects as it is, and is reviewed where it comes from. */
const COPIED = new Set(['CustomResourceDefinition', 'PrometheusRule']);
const LONG = 1_500;

/** The object without what is the same in all of them, and with a checksum in place of what is long. */
function shortened({ metadata: { labels: _labels, ...metadata }, ...rest }: KubeObject): object {
  const object = { ...rest, metadata };
  if (COPIED.has(object.kind)) return { ...object, spec: digest(JSON.stringify(object.spec)) };
  if (object.kind !== 'ConfigMap') return object;
  const data = Object.entries(object.data ?? {}).map(([key, value]) => [
    key,
    value.length > LONG ? digest(value) : value,
  ]);
  return { ...object, data: Object.fromEntries(data) as object };
}

function digest(value: string): string {
  return `sha256 ${createHash('sha256').update(value).digest('hex').slice(0, 16)}`;
}

test.each(Object.entries(RENDERINGS))('%s passes helm lint', async (_name, options) => {
  const args = ['lint', CHART, '--strict', '--quiet', ...valueArguments(options)];
  const { code, stdout, stderr } = await run(tool('helm'), args);
  expect(stdout + stderr).not.toMatch(/\[(ERROR|WARNING)\]/);
  expect(code).toBe(0);
});

test.each(GOLDEN)('%s renders what it rendered before', async (name) => {
  const objects = await render(RENDERINGS[name]);
  const text = objects.map((object) => stringify(shortened(object), { lineWidth: 120 })).join('---\n');
  await expect(text).toMatchFileSnapshot(`./golden/${name}.yaml`);
});
