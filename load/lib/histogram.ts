/** A histogram as data: how many values fell into which bucket. */
export interface HistogramData {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
}

const SMALLEST = 0.01;
const GROWTH = Math.log(1.01);

/**
 * Durations in ms, in buckets that each are 1 % wider than the one before: percentiles are exact to 1 %, and
 * histograms of several processes can be merged, which percentiles cannot.
 */
export class Histogram {
  private readonly buckets = new Map<number, number>();
  private count = 0;
  private sum = 0;
  private min = Infinity;
  private max = 0;

  record(valueMs: number, times = 1): void {
    const bucket = bucketOf(valueMs);
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + times);
    this.count += times;
    this.sum += valueMs * times;
    this.min = Math.min(this.min, valueMs);
    this.max = Math.max(this.max, valueMs);
  }

  merge(other: HistogramData): void {
    if (other.count === 0) return;
    for (const [bucket, count] of other.buckets)
      this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  /** The smallest value that `share` (0 to 1) of all values do not exceed; undefined when there are none. */
  percentile(share: number): number | undefined {
    if (this.count === 0) return undefined;
    const wanted = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (const [bucket, count] of this.sorted()) {
      seen += count;
      if (seen >= wanted) return Math.min(upperEdge(bucket), this.max);
    }
    return this.max;
  }

  toData(): HistogramData {
    const { count, sum, max } = this;
    return { count, sum, max, min: count === 0 ? 0 : this.min, buckets: this.sorted() };
  }

  private sorted(): [number, number][] {
    return [...this.buckets].sort(([a], [b]) => a - b);
  }
}

function bucketOf(valueMs: number): number {
  return valueMs <= SMALLEST ? 0 : Math.ceil(Math.log(valueMs / SMALLEST) / GROWTH);
}

function upperEdge(bucket: number): number {
  return SMALLEST * Math.exp(bucket * GROWTH);
}
