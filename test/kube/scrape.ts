interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** What /metrics said at one time. */
export class Scrape {
  private readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text.split('\n').flatMap((line): Sample[] => {
      const [, name, labels = '', value] = /^(\w+)(\{.*\})? (\S+)/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, labels, value: Number(value) }];
    });
  }

  /** Series, those of histograms among them. */
  get size(): number {
    return this.samples.length;
  }

  /** Series that stand for those that OpenTelemetry had no room for. */
  get overflows(): number {
    return this.samples.filter(({ labels }) => labels.includes('otel_metric_overflow')).length;
  }

  /** Over all series whose labels match. */
  sum(name: string, matches: (labels: string) => boolean = () => true): number {
    return this.samples
      .filter((sample) => sample.name === name && matches(sample.labels))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** Upper bounds of a histogram with how many values were at most so large, in order. */
  buckets(name: string): readonly (readonly [bound: number, count: number])[] {
    const buckets = this.samples.filter((sample) => sample.name === `${name}_bucket`);
    return buckets
      .map(({ labels, value }): [number, number] => {
        const bound = /le="([^"]+)"/.exec(labels)?.[1] ?? '';
        return [bound === '+Inf' ? Infinity : Number(bound), value];
      })
      .toSorted(([a], [b]) => a - b);
  }
}

/** The bound of the bucket in which a quantile of the values between two scrapes lies. */
export function quantile(before: Scrape, after: Scrape, name: string, share: number): number {
  const earlier = new Map(before.buckets(name));
  const counts = after
    .buckets(name)
    .map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  return counts.find(([, count]) => count >= share * total)?.[0] ?? NaN;
}
