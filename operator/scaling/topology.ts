import type { ScalerObservation } from './types.ts';

/**
 * Scalers in the order in which events run through them: each after its upstream, as far as that is possible. Names
 * that are not there are passed over, and so is the edge that would close a cycle.
 */
export function upstreamFirst(scalers: readonly ScalerObservation[]): ScalerObservation[] {
  const byName = new Map(scalers.map((scaler) => [scaler.spec.name, scaler]));
  const visited = new Set<string>();
  const ordered: ScalerObservation[] = [];
  const visit = (scaler: ScalerObservation): void => {
    if (visited.has(scaler.spec.name)) return;
    visited.add(scaler.spec.name);
    for (const name of scaler.spec.upstream) {
      const upstream = byName.get(name);
      if (upstream !== undefined) visit(upstream);
    }
    ordered.push(scaler);
  };
  for (const scaler of scalers) visit(scaler);
  return ordered;
}

/** Every scaler whose events end up in one of `names`, directly or not. */
export function feeding(
  scalers: readonly ScalerObservation[],
  names: readonly string[],
): ReadonlySet<string> {
  const upstreamOf = new Map(scalers.map(({ spec }) => [spec.name, spec.upstream]));
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const upstream of upstreamOf.get(name) ?? []) {
      if (found.has(upstream)) continue;
      found.add(upstream);
      visit(upstream);
    }
  };
  for (const name of names) visit(name);
  return found;
}
