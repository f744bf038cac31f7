import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type * as ExporterModule from '@opentelemetry/exporter-prometheus';
import type * as ResourcesModule from '@opentelemetry/resources';
import type * as MetricsModule from '@opentelemetry/sdk-metrics';
import type { AttributesOf, MetricDefinition, MetricName, NameOf } from './schema/metrics.ts';
import { METRICS } from './schema/metrics.ts';
import { ObservedMetrics } from './observed-metrics.ts';
import { observeProcess } from './process-metrics.ts';

/** Attributes may be left out only where the metric has none. */
type Rest<Name extends MetricName> = keyof AttributesOf<Name> extends never ? [] : [AttributesOf<Name>];

export interface CounterOf<Name extends MetricName> {
  /** Adds `amount`, in the metric's unit; not negative. */
  add(amount: number, ...attributes: Rest<Name>): void;
}
export interface UpDownCounterOf<Name extends MetricName> {
  /** Adds `amount`, in the metric's unit; may be negative. */
  add(amount: number, ...attributes: Rest<Name>): void;
}
export interface HistogramOf<Name extends MetricName> {
  /** Records one value, in the metric's unit (seconds for durations). */
  record(value: number, ...attributes: Rest<Name>): void;
}
export interface Observation<Name extends MetricName> {
  readonly value: number;
  readonly attributes: AttributesOf<Name>;
}
/** One value, one per set of attributes, or undefined when it is not known: nothing is exported then. */
export type Observed<Name extends MetricName> =
  | (keyof AttributesOf<Name> extends never ? number : never)
  | readonly Observation<Name>[]
  | undefined;

export interface Metrics {
  counter<Name extends NameOf<'counter'>>(name: Name): CounterOf<Name>;
  upDownCounter<Name extends NameOf<'updowncounter'>>(name: Name): UpDownCounterOf<Name>;
  histogram<Name extends NameOf<'histogram'>>(name: Name): HistogramOf<Name>;
  /**
   * `observe` is called at each scrape, which shows what it gives and nothing else; one that rejects, or takes over a
   * second, is left out of it. Several may observe one metric, each with attributes of its own.
   */
  gauge<Name extends NameOf<'gauge'>, const Value extends Observed<Name>>(
    name: Name,
    observe: () => Value | Promise<Value>,
  ): void;
  /** A counter whose running total is kept elsewhere. */
  observedCounter<Name extends NameOf<'counter'>, const Value extends Observed<Name>>(
    name: Name,
    observe: () => Value | Promise<Value>,
  ): void;
  /** Answers a scrape in the Prometheus text format. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  shutdown(): Promise<void>;
}

// As CommonJS, because the exporter loads node:http: see node-http.ts for what that saves.
const require = createRequire(import.meta.url);
const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus') as typeof ExporterModule;
const { resourceFromAttributes } = require('@opentelemetry/resources') as typeof ResourcesModule;
const { MeterProvider } = require('@opentelemetry/sdk-metrics') as typeof MetricsModule;

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics of one process, always on: instruments by the names of the schema, served in the Prometheus text
 * format by `handler`. Get an instrument once and keep it; recording costs well under a microsecond.
 */
export function createMetrics(service: string): Metrics {
  const resource = resourceFromAttributes({ 'service.name': service });
  const observed = new ObservedMetrics(resource);
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    metricProducers: [observed],
  });
  const provider = new MeterProvider({ readers: [exporter], resource });
  const meter = provider.getMeter('sluice');
  const metrics: Metrics = {
    counter: (name) => meter.createCounter(name, optionsOf(name)),
    upDownCounter: (name) => meter.createUpDownCounter(name, optionsOf(name)),
    histogram: (name) => meter.createHistogram(name, optionsOf(name)),
    gauge: (name, observe) => observed.add(name, observe),
    observedCounter: (name, observe) => observed.add(name, observe),
    handler(request, response) {
      exporter.getMetricsRequestHandler(request, response);
      // The exporter names no version of the format; it answers later, so this header still wins.
      response.setHeader('content-type', CONTENT_TYPE);
    },
    shutdown: () => provider.shutdown(),
  };
  observeProcess(metrics);
  return metrics;
}

function optionsOf(name: MetricName) {
  const { unit, description, buckets }: MetricDefinition = METRICS[name];
  return { unit, description, ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }) };
}
