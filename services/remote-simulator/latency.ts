import type { Random } from './random.ts';

export const DISTRIBUTIONS = ['constant', 'uniform', 'normal', 'lognormal', 'exponential'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

/** How long a call takes. All in ms. */
export interface LatencySettings {
  readonly distribution: Distribution;
  readonly meanMs: number;
  /** Standard deviation; `constant` and `exponential` have none to set. */
  readonly sdMs: number;
  /** Evenly spread between -jitterMs and +jitterMs, on top of the distribution. */
  readonly jitterMs: number;
}

/**
 * One latency in ms, never below 0. Always takes three numbers from `random`, whatever the distribution:
 * the n-th call of a run then meets the same fate under every setting.
 */
export function sampleLatencyMs(settings: LatencySettings, random: Random): number {
  const [u, v, w] = [random(), random(), random()];
  const jitter = settings.jitterMs * (2 * w - 1);
  return Math.max(0, SAMPLERS[settings.distribution](settings, u, v) + jitter);
}

/** By distribution, from two even numbers in [0, 1). */
const SAMPLERS: Record<Distribution, (settings: LatencySettings, u: number, v: number) => number> = {
  constant: ({ meanMs }) => meanMs,
  uniform: ({ meanMs, sdMs }, u) => meanMs + sdMs * Math.sqrt(3) * (2 * u - 1),
  normal: ({ meanMs, sdMs }, u, v) => meanMs + sdMs * standardNormal(u, v),
  lognormal: ({ meanMs, sdMs }, u, v) => lognormal(meanMs, sdMs, standardNormal(u, v)),
  exponential: ({ meanMs }, u) => -meanMs * Math.log(1 - u),
};

/** Box and Muller. */
function standardNormal(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
}

/** Parameters are those of the latency itself, not of its logarithm. */
function lognormal(meanMs: number, sdMs: number, z: number): number {
  if (meanMs === 0) return 0;
  const variance = Math.log(1 + (sdMs / meanMs) ** 2);
  return Math.exp(Math.log(meanMs) - variance / 2 + Math.sqrt(variance) * z);
}
