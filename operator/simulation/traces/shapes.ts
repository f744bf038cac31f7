import type { Random } from '../model/random.ts';

/** A load in records per second, over seconds. */
export type Shape = (second: number) => number;

export const constant =
  (rate: number): Shape =>
  () =>
    rate;

/** `rate` from one second to another, else `base`. */
export const pulse =
  (base: number, rate: number, [from, to]: readonly [number, number]): Shape =>
  (second) =>
    second >= from && second < to ? rate : base;

/** Straight lines between points of (second, rate). */
export function lines(...points: readonly (readonly [second: number, rate: number])[]): Shape {
  return (second) => {
    const next = points.findIndex(([at]) => at > second);
    if (next === -1) return points.at(-1)![1];
    if (next === 0) return points[0]![1];
    const [fromAt, from] = points[next - 1]!;
    const [toAt, to] = points[next]!;
    return from + ((to - from) * (second - fromAt)) / (toAt - fromAt);
  };
}

/** Sine between `low` and `high`, lowest at 0, with relative noise per 10 s. */
export function sine(random: Random, low: number, high: number, period: number): Shape {
  const noise = Array.from({ length: 2_000 }, () => 1 + 0.05 * random.normal());
  return (second) => {
    const middle = (low + high) / 2;
    const wave = middle - ((high - low) / 2) * Math.cos((2 * Math.PI * second) / period);
    return wave * noise[Math.floor(second / 10) % noise.length]!;
  };
}

/** From `low` up to `high` and at once down again. */
export const sawtooth =
  (low: number, high: number, period: number): Shape =>
  (second) =>
    low + ((high - low) * (second % period)) / period;

/** A new value every 30 s, a normal step away from the one before, kept within bounds. */
export function randomWalk(
  random: Random,
  start: number,
  sigma: number,
  [low, high]: readonly [number, number],
): Shape {
  const values = [start];
  while (values.length < 500)
    values.push(Math.min(high, Math.max(low, values.at(-1)! + sigma * random.normal())));
  return (second) => values[Math.floor(second / 30) % values.length]!;
}

/** Two rates in turn, each for an exponential time: a Markov-modulated Poisson process. */
export function markov(random: Random, rates: readonly [number, number], meanSeconds: number): Shape {
  const changes: number[] = [];
  for (let at = 0; at < 20_000;) {
    at += -meanSeconds * Math.log(1 - random.uniform());
    changes.push(at);
  }
  return (second) => rates[changes.findIndex((at) => at > second) % 2]!;
}

/** Shares by Zipf's law with exponent 1. */
export function zipf(partitions: number): readonly number[] {
  const raw = Array.from({ length: partitions }, (_, rank) => 1 / (rank + 1));
  const sum = raw.reduce((all, value) => all + value, 0);
  return raw.map((value) => value / sum);
}

/** One partition gets `share`, the others the rest. */
export function hot(partitions: number, share: number): readonly number[] {
  return Array.from({ length: partitions }, (_, partition) =>
    partition === 0 ? share : (1 - share) / (partitions - 1),
  );
}
