/** Needs of the past, falling: each is the highest since its time (a monotonic queue, a few entries long). */
export type NeedHistory = readonly (readonly [until: number, replicas: number])[];

/** How many replicas are needed at one look, by what they must do. */
export interface Needs {
  /** What comes and what waits. */
  readonly whole: number;
  /** What comes, as full as replicas may be. */
  readonly load: number;
  /** What comes, with room to spare. */
  readonly comfort: number;
}

/** The past of each. */
export type PastNeeds = Readonly<Record<keyof Needs, NeedHistory>>;

export const NO_NEEDS: PastNeeds = { whole: [], load: [], comfort: [] };

/** Adds the present needs. */
export const withNeeds = (past: PastNeeds, at: number, needs: Needs, span: number): PastNeeds => ({
  whole: withNeed(past.whole, at, needs.whole, span),
  load: withNeed(past.load, at, needs.load, span),
  comfort: withNeed(past.comfort, at, needs.comfort, span),
});

/** Adds the present need: lower or equal ones before it no longer matter. */
export function withNeed(history: NeedHistory, at: number, replicas: number, span: number): NeedHistory {
  const higher = history.filter(([until, need]) => need > replicas && until >= at - span);
  return [...higher, [at, replicas]];
}

/** When more than `replicas` were last needed; undefined: never, as far back as is remembered. */
export function lastNeedAbove(history: NeedHistory, replicas: number): number | undefined {
  return history.findLast(([, need]) => need > replicas)?.[0];
}
