import type { MetricName, NameOf } from '../schema/metrics.ts';
import { prometheusName } from '../schema/metrics.ts';
import type { Query } from './panels.ts';

const HERE = 'namespace="$namespace"';

/** The metric in the chosen namespace; `matchers` are further ones, as PromQL has them. */
export function here(name: MetricName, matchers = ''): string {
  return `${prometheusName(name)}{${[HERE, matchers].filter(Boolean).join(', ')}}`;
}

/** Per second, summed by labels. */
export function rate(name: NameOf<'counter'>, by: readonly string[] = [], matchers = ''): string {
  return `sum${grouped(by)} (rate(${here(name, matchers)}[$__rate_interval]))`;
}

/** A quantile of a histogram, by labels. */
export function quantile(q: number, name: NameOf<'histogram'>, by: readonly string[] = []): string {
  const buckets = `${prometheusName(name)}_bucket{${HERE}}`;
  return `histogram_quantile(${q}, sum${grouped(['le', ...by])} (rate(${buckets}[$__rate_interval])))`;
}

/** The median and the 99th percentile of a histogram. */
export function quantiles(name: NameOf<'histogram'>, by: readonly string[] = []): Query[] {
  const suffix = by.map((label) => ` {{${label}}}`).join('');
  return [
    { expr: quantile(0.5, name, by), legend: `p50${suffix}` },
    { expr: quantile(0.99, name, by), legend: `p99${suffix}` },
  ];
}

/** The largest value of a gauge, by labels: replicas that report the same thing count once. */
export function most(name: NameOf<'gauge'>, by: readonly string[] = [], matchers = ''): string {
  return `max${grouped(by)} (${here(name, matchers)})`;
}

function grouped(by: readonly string[]): string {
  return by.length === 0 ? '' : ` by (${by.join(', ')})`;
}
