import type { Course, Point } from './replay.ts';

/** A course in figures. Times in seconds, summed over the looks, each counted until the next. */
export interface CourseSummary {
  readonly replicaSeconds: number;
  readonly scalings: number;
  readonly maxReplicas: number;
  readonly maxLag: number | undefined;
  readonly maxAge: number | undefined;
  /** For how long the oldest event had been waiting longer than `maxAgeSeconds`. */
  readonly overSeconds: number;
  /** For how long the lag was not known. */
  readonly unknownSeconds: number;
}

/** `maxAgeSeconds`: the same for both courses of a comparison, so that they can be compared. */
export function summarize({ points }: Course, maxAgeSeconds: number): CourseSummary {
  const lasting = (which: (point: Point) => number): number =>
    points.reduce((sum, point, index) => {
      const next = points[index + 1];
      return next ? sum + which(point) * (next.at - point.at) : sum;
    }, 0);
  return {
    replicaSeconds: lasting(({ desired }) => desired),
    scalings: points.filter(({ scaling }) => scaling).length,
    maxReplicas: Math.max(0, ...points.map(({ desired }) => desired)),
    maxLag: highest(points.map(({ lag }) => lag)),
    maxAge: highest(points.map(({ age }) => age)),
    overSeconds: lasting(({ age }) => (age !== undefined && age > maxAgeSeconds ? 1 : 0)),
    unknownSeconds: lasting(({ lag }) => (lag === undefined ? 1 : 0)),
  };
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((most, value) => Math.max(most, value));
}
