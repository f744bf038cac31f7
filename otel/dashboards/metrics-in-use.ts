import type { MetricDefinition, MetricName } from '../schema/metrics.ts';
import { METRICS, prometheusName } from '../schema/metrics.ts';

/** Labels that Prometheus and its operator add to every series. */
const ADDED = new Set([
  'namespace',
  'pod',
  'container',
  'job',
  'instance',
  'le',
  'app_kubernetes_io_component',
]);
const NAME = /\b(?:sluice|process|nodejs)_[a-z0-9_]+/g;

const attributes = new Map<string, ReadonlySet<string>>();
for (const name of Object.keys(METRICS) as MetricName[]) {
  const definition: MetricDefinition = METRICS[name];
  const labels = new Set(Object.keys(definition.attributes));
  const plain = prometheusName(name);
  const exposed =
    definition.kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => plain + end) : [plain];
  for (const series of exposed) attributes.set(series, labels);
}

/** What an expression names that no process emits: series that are not in the schema, labels that its series lack. */
export function unknownIn(expr: string): string[] {
  const series = new Set(expr.match(NAME));
  const unknown = [...series].filter((name) => !attributes.has(name));
  const known = new Set([...series].flatMap((name) => [...(attributes.get(name) ?? [])]));
  return [...unknown, ...labelsIn(expr).filter((label) => !known.has(label) && !ADDED.has(label))];
}

/** Label names in matchers and in `by (…)`. */
function labelsIn(expr: string): string[] {
  const matchers = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const grouped = [...expr.matchAll(/\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g)].flatMap(
    ([, inside = '']) => inside.split(',').map((label) => label.trim()),
  );
  return [...new Set([...matchers, ...grouped])].filter(Boolean);
}
