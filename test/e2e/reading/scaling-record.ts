/** What the status of a StageScaler said at a time. What it did not know is undefined. */
export interface Sample {
  /** Unix ms. */
  readonly atMs: number;
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly lagRecords: number | undefined;
  readonly ageSeconds: number | undefined;
  readonly arrivalPerSecond: number | undefined;
  readonly reason: string;
}

export interface ScalingSummary {
  readonly seconds: number;
  readonly secondsOverObjective: number;
  readonly worstAgeSeconds: number;
  readonly replicaSeconds: number;
  readonly peakReplicas: number;
  /** Changes of the replicas, in order: `12 s: 1 → 4`, by the time since the first sample. */
  readonly changes: readonly string[];
  readonly ups: number;
  readonly downs: number;
}

/** The figures of a recording; each sample holds until the next one. */
export function summarize(samples: readonly Sample[], objectiveSeconds: number): ScalingSummary {
  const originMs = samples[0]?.atMs ?? 0;
  const spans = samples.slice(0, -1).map((sample, index) => ({
    ...sample,
    seconds: (samples[index + 1]!.atMs - sample.atMs) / 1_000,
  }));
  const steps = spans.flatMap(({ replicas }, index) => {
    const next = samples[index + 1]!;
    return next.replicas === replicas ? [] : [{ from: replicas, to: next.replicas, atMs: next.atMs }];
  });
  const late = spans.filter(({ ageSeconds = 0 }) => ageSeconds > objectiveSeconds);
  return {
    seconds: total(spans.map(({ seconds }) => seconds)),
    secondsOverObjective: total(late.map(({ seconds }) => seconds)),
    worstAgeSeconds: Math.max(0, ...samples.map(({ ageSeconds = 0 }) => ageSeconds)),
    replicaSeconds: total(spans.map(({ replicas, seconds }) => replicas * seconds)),
    peakReplicas: Math.max(0, ...samples.map(({ replicas }) => replicas)),
    changes: steps.map(({ from, to, atMs }) => `${Math.round((atMs - originMs) / 1_000)} s: ${from} → ${to}`),
    ups: steps.filter(({ from, to }) => to > from).length,
    downs: steps.filter(({ from, to }) => to < from).length,
  };
}

function total(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) * 10) / 10;
}
