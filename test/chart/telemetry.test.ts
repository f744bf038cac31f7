import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { containerOf, pick, render } from './helm.ts';

/** Read by the language's own runtime. */
const OF_GO = 'GOGC';

/** Every text in a document that has a dollar sign in it. */
function references(value: unknown): string[] {
  if (typeof value === 'string') return value.includes('$') ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...references(key), ...references(inner)]);
}

test.each(['jaeger', 'collector'])('what the configuration of %s refers to is given to it', async (name) => {
  const objects = await render({ profiles: ['demo'], set: ['collector.enabled=true'] });
  const document: unknown = parse(pick(objects, 'ConfigMap', name).data?.['config.yaml'] ?? '');
  const given = (containerOf(objects, 'Deployment', name).env ?? []).filter((one) => one.name !== OF_GO);
  expect(references(document)).toEqual(given.map((one) => `\${env:${one.name}}`));
});
