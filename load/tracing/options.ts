import { Mistakes, flag, readArgs, stringOr } from '../lib/command-line.ts';

export interface TracingOptions {
  readonly help: boolean;
  /** Each round brings up stacks of its own. */
  readonly rounds: number;
  /** Of each round; each measures every way of sampling once. */
  readonly slices: number;
  /** Of load, per slice and way. */
  readonly seconds: number;
  /** Directory. */
  readonly out: string;
}

export const USAGE = `npm run bench:tracing -- [options]

What tracing costs: transactions completed per second without it, at 5 % sampling and at 100 %. A stack for each, and
another one without, are up at the same time, and short slices of load go around them: what the machine does meanwhile
meets all.

  --rounds N     how often to bring them up anew (2)
  --slices N     per round; each offers load to all stacks, one after the other (12)
  --seconds N    of load per slice and stack (8)
  --out DIR      where tracing.md and tracing.json go (docs/bench)`;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): TracingOptions {
  const { help, rounds, slices, seconds, out } = readArgs(args, {
    help: flag,
    rounds: stringOr('2'),
    slices: stringOr('12'),
    seconds: stringOr('8'),
    out: stringOr('docs/bench'),
  });
  const mistakes = new Mistakes();
  const options = {
    help,
    rounds: mistakes.number('rounds', rounds, [1, 100]),
    slices: mistakes.number('slices', slices, [1, 1_000]),
    seconds: mistakes.number('seconds', seconds, [4, 3_600]),
    out,
  };
  mistakes.end();
  return options;
}
