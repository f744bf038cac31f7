import { Mistakes, flag, readArgs, stringOr } from '../lib/command-line.ts';

export interface TracingOptions {
  readonly help: boolean;
  /** Each round measures every way of sampling once. */
  readonly rounds: number;
  /** Of load, per measurement. */
  readonly seconds: number;
  /** Directory. */
  readonly out: string;
}

export const USAGE = `npm run bench:tracing -- [options]

What tracing costs: transactions completed per second without it, at 5 % sampling and at 100 %, in turns.

  --rounds N     how often to go through all three (3)
  --seconds N    of load per measurement (20)
  --out DIR      where tracing.md and tracing.json go (docs/bench)`;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): TracingOptions {
  const { help, rounds, seconds, out } = readArgs(args, {
    help: flag,
    rounds: stringOr('3'),
    seconds: stringOr('20'),
    out: stringOr('docs/bench'),
  });
  const mistakes = new Mistakes();
  const options = {
    help,
    rounds: mistakes.number('rounds', rounds, [1, 100]),
    seconds: mistakes.number('seconds', seconds, [4, 3_600]),
    out,
  };
  mistakes.end();
  return options;
}
