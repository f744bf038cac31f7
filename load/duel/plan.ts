import type { LoadModel } from '../lib/generator.ts';

/** One load that both modes are put under. */
export interface Round {
  readonly part: 'main' | 'sweep' | 'curve' | 'pipelined' | 'open';
  readonly model: LoadModel;
  /** The ramp included. */
  readonly seconds: number;
}

export const PARTS = ['main', 'sweep', 'curve', 'pipelined', 'open'] as const;
export type Part = (typeof PARTS)[number];

export interface PlanOptions {
  readonly users: number;
  /** Length of the article's experiment for each mode. Default half a minute. */
  readonly minutes: number | undefined;
  /** Everything as short as it can be: shows that it works, measures little. */
  readonly quick: boolean;
  readonly parts: readonly Part[];
}

const SWEEP = [1, 2, 5, 10, 20, 40];
const CURVE = [400, 2_000];
/** So many users arrive per second: a storm of connections is not what is to be measured. */
const CONNECTS_PER_SECOND = 800;
const PIPELINE_DEPTH = 40;
const OPEN_RATES = [200, 1_000];
/** Requests under way at the most in the open model; beyond it they are counted as dropped. */
const OPEN_MAX_IN_FLIGHT = 4_000;

/** What the duel will measure, in order. Without `minutes` it all takes about four. */
export function planDuel({ users, minutes, quick, parts }: PlanOptions): Round[] {
  const seconds = quick
    ? { main: 8, sweep: 3, curve: 5, single: 3, open: 4 }
    : { main: 30, sweep: 6, curve: 8, single: 6, open: 8 };
  const mainSeconds = minutes === undefined ? seconds.main : minutes * 60;
  const rampSeconds = Math.min(60, mainSeconds / 3);
  const closed = (count: number, ramp = 0): LoadModel => ({
    kind: 'closed',
    users: count,
    rampSeconds: ramp,
  });
  const rounds: Round[] = [
    { part: 'main', model: closed(users, rampSeconds), seconds: mainSeconds },
    ...SWEEP.map((count): Round => ({ part: 'sweep', model: closed(count), seconds: seconds.sweep })),
    ...CURVE.map((count): Round => {
      const ramp = count / CONNECTS_PER_SECOND;
      return { part: 'curve', model: closed(count, ramp), seconds: seconds.curve + 3 * ramp };
    }),
    { part: 'pipelined', model: { kind: 'pipelined', depth: PIPELINE_DEPTH }, seconds: seconds.single },
    ...OPEN_RATES.map((ratePerSecond): Round => {
      const model: LoadModel = { kind: 'open', ratePerSecond, maxInFlight: OPEN_MAX_IN_FLIGHT };
      return { part: 'open', model, seconds: seconds.open };
    }),
  ];
  return rounds.filter(({ part }) => parts.includes(part));
}

/** A round in words: `40 users`, `200/s offered`. */
export function describeModel(model: LoadModel): string {
  if (model.kind === 'closed') return `${model.users} user${model.users === 1 ? '' : 's'}`;
  if (model.kind === 'open') return `${model.ratePerSecond}/s offered`;
  return `1 connection, ${model.depth} requests pipelined`;
}
