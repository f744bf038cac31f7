import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Meter, ObservableResult } from '@opentelemetry/api';
import type * as ExporterModule from '@opentelemetry/exporter-prometheus';
import type * as ResourcesModule from '@opentelemetry/resources';
import type * as MetricsModule from '@opentelemetry/sdk-metrics';
import type { AttributesOf, MetricDefinition, MetricName, NameOf } from './schema/metrics.ts';
import { METRICS } from './schema/metrics.ts';
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
  /** `observe` is called at each scrape; one that rejects, or takes over a second, is left out of it. */
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

const OBSERVE_TIMEOUT_MS = 1_000;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics of one process, always on: instruments by the names of the schema, served in the Prometheus text
 * format by `handler`. Get an instrument once and keep it; recording costs well under a microsecond.
 */
export function createMetrics(service: string): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const provider = new MeterProvider({
    readers: [exporter],
    resource: resourceFromAttributes({ 'service.name': service }),
  });
  const meter = provider.getMeter('sluice');
  const metrics: Metrics = {
    counter: (name) => meter.createCounter(name, optionsOf(name)),
    upDownCounter: (name) => meter.createUpDownCounter(name, optionsOf(name)),
    histogram: (name) => meter.createHistogram(name, optionsOf(name)),
    gauge: (name, observe) => observable(meter, name, observe),
    observedCounter: (name, observe) => observable(meter, name, observe),
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

type AnyObserved = number | readonly Observation<MetricName>[] | undefined;

function observable(meter: Meter, name: MetricName, observe: () => AnyObserved | Promise<AnyObserved>): void {
  const instrument =
    METRICS[name].kind === 'counter'
      ? meter.createObservableCounter(name, optionsOf(name))
      : meter.createObservableGauge(name, optionsOf(name));
  instrument.addCallback(async (result) => {
    // A scrape must not hang or fail because one value cannot be had.
    const observed = await inTime(observe).catch(() => undefined);
    report(result, observed);
  });
}

function report(result: ObservableResult, observed: AnyObserved): void {
  if (observed === undefined) return;
  if (typeof observed === 'number') return result.observe(observed);
  for (const { value, attributes } of observed) result.observe(value, attributes);
}

async function inTime<Value>(observe: () => Value | Promise<Value>): Promise<Value | undefined> {
  const value = observe();
  if (!(value instanceof Promise)) return value;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OBSERVE_TIMEOUT_MS).unref();
  });
  return Promise.race([value, timeout]).finally(() => clearTimeout(timer));
}
