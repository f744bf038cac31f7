import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { containerOf, pick, render } from './helm.ts';

/** Read by the language's own runtime. */
const OF_GO = 'GOMEMLIMIT';

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

test.each([
  ['512Mi', '384MiB'],
  ['1.5Gi', '1152MiB'],
  ['2e9', undefined],
])('of a memory limit of %s, Go is told %s', async (memory, expected) => {
  const objects = await render({ profiles: ['demo'], set: [`jaeger.resources.limits.memory=${memory}`] });
  const { env = [] } = containerOf(objects, 'Deployment', 'jaeger');
  expect(env.find(({ name }) => name === OF_GO)?.value).toBe(expected);
});
