/** Needs of the past, falling: each is the highest since its time (a monotonic queue, a few entries long). */
export type NeedHistory = readonly (readonly [until: number, replicas: number])[];

/** Adds the present need: lower or equal ones before it no longer matter. */
export function withNeed(history: NeedHistory, at: number, replicas: number, span: number): NeedHistory {
  const higher = history.filter(([until, need]) => need > replicas && until >= at - span);
  return [...higher, [at, replicas]];
}

/** When more than `replicas` were last needed; undefined: never, as far back as is remembered. */
export function lastNeedAbove(history: NeedHistory, replicas: number): number | undefined {
  return history.findLast(([, need]) => need > replicas)?.[0];
}
