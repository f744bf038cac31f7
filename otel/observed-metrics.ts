import { createRequire } from 'node:module';
import type * as ApiModule from '@opentelemetry/api';
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { CollectionResult, DataPoint, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import type * as MetricsModule from '@opentelemetry/sdk-metrics';
import type { MetricDefinition, MetricName } from './schema/metrics.ts';
import { METRICS } from './schema/metrics.ts';

/** A value, or one for each set of attributes; undefined: not known. */
export type AnyObserved =
  | number
  | readonly { readonly value: number; readonly attributes: Attributes }[]
  | undefined;
/** Called at each scrape. */
export type Observe = () => AnyObserved | Promise<AnyObserved>;

const require = createRequire(import.meta.url);
const { ValueType } = require('@opentelemetry/api') as typeof ApiModule;
const { AggregationTemporality, DataPointType } =
  require('@opentelemetry/sdk-metrics') as typeof MetricsModule;

const OBSERVE_TIMEOUT_MS = 1_000;

/**
 * Metrics whose values are kept elsewhere and only looked at. They are shown exactly as they were seen in this scrape:
 * the SDK's own observable instruments go on showing what is no longer observed, and no more than 2,000 sets of
 * attributes each.
 */
export class ObservedMetrics implements MetricProducer {
  private readonly resource: Resource;
  private readonly observers = new Map<MetricName, Observe[]>();
  private readonly startTime = timeOf(Date.now());

  constructor(resource: Resource) {
    this.resource = resource;
  }

  /** Several may observe one metric, each with attributes of its own. */
  add(name: MetricName, observe: Observe): void {
    const others = this.observers.get(name);
    if (others) others.push(observe);
    else this.observers.set(name, [observe]);
  }

  /** An observer that rejects, or takes over a second, is left out. Never rejects. */
  async collect(): Promise<CollectionResult> {
    const time = { startTime: this.startTime, endTime: timeOf(Date.now()) };
    const found = await Promise.all(
      [...this.observers].map(async ([name, observers]) => {
        const observed = await Promise.all(
          observers.map((observe) => inTime(observe).catch(() => undefined)),
        );
        return { name, points: observed.flatMap(pointsOf) };
      }),
    );
    const metrics = found
      .filter(({ points }) => points.length > 0)
      .map(({ name, points }) =>
        metricData(
          name,
          points.map((point) => ({ ...point, ...time })),
        ),
      );
    const scopeMetrics = [{ scope: { name: 'sluice' }, metrics }];
    return { resourceMetrics: { resource: this.resource, scopeMetrics }, errors: [] };
  }
}

type Point = Pick<DataPoint<number>, 'value' | 'attributes'>;

const NONE: Attributes = {};

function pointsOf(observed: AnyObserved): readonly Point[] {
  if (observed === undefined) return [];
  return typeof observed === 'number' ? [{ value: observed, attributes: NONE }] : observed;
}

function metricData(name: MetricName, dataPoints: DataPoint<number>[]): MetricData {
  const { unit, description, kind }: MetricDefinition = METRICS[name];
  const common = {
    descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints,
  };
  if (kind !== 'counter') return { ...common, dataPointType: DataPointType.GAUGE };
  return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true };
}

function timeOf(ms: number): HrTime {
  return [Math.trunc(ms / 1_000), (ms % 1_000) * 1e6];
}

/** A scrape must not hang because one value cannot be had. */
async function inTime<Value>(observe: () => Value | Promise<Value>): Promise<Value | undefined> {
  const value = observe();
  if (!(value instanceof Promise)) return value;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OBSERVE_TIMEOUT_MS).unref();
  });
  return Promise.race([value, timeout]).finally(() => clearTimeout(timer));
}
