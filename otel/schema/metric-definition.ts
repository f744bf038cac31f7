export type MetricKind = 'counter' | 'updowncounter' | 'histogram' | 'gauge';

/** The values that an attribute may take: a closed list, or any text or number of a small set. */
export type AttributeValues = readonly string[] | 'text' | 'number';

export interface MetricDefinition {
  readonly kind: MetricKind;
  /** UCUM: `s`, `By`, `1`, or what is counted in braces. */
  readonly unit: string;
  readonly description: string;
  readonly attributes: Readonly<Record<string, AttributeValues>>;
  /** Upper bounds of a histogram's buckets, in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** One request or one statement. */
export const SHORT_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;
