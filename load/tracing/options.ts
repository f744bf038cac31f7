import { Mistakes, flag, readArgs, stringOr } from '../lib/command-line.ts';

export interface TracingOptions {
  readonly help: boolean;
  /** Each measures every way of sampling once. */
  readonly rounds: number;
  /** Of load that is measured, per round and way. */
  readonly seconds: number;
  /**
   * Of load before it. Node compiles what is used most for some 20 s, and while it does a payment costs up to twice as
   * much; with tracing there is more to compile.
   */
  readonly warmUpSeconds: number;
  /** Directory. */
  readonly out: string;
}

export const USAGE = `npm run bench:tracing -- [options]

What tracing costs: transactions completed per second without it, at 5 % sampling and at 100 %, and once more without,
which shows how much two measurements differ that should not. One Kafka and one Postgres; for each measurement all
services are started anew, one way of sampling after the other, round for round. One more measurement comes first and is
not counted. The machine should have nothing else to do.

  --rounds N     how often each is measured (5)
  --seconds N    of load that is measured, each time (15)
  --warm-up N    seconds of load before it (30)
  --out DIR      where tracing.md and tracing.json go (docs/bench)`;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): TracingOptions {
  const {
    help,
    rounds,
    seconds,
    'warm-up': warmUp,
    out,
  } = readArgs(args, {
    help: flag,
    rounds: stringOr('5'),
    seconds: stringOr('15'),
    'warm-up': stringOr('30'),
    out: stringOr('docs/bench'),
  });
  const mistakes = new Mistakes();
  const options = {
    help,
    rounds: mistakes.number('rounds', rounds, [2, 100]),
    seconds: mistakes.number('seconds', seconds, [4, 3_600]),
    warmUpSeconds: mistakes.number('warm-up', warmUp, [1, 3_600]),
    out,
  };
  mistakes.end();
  return options;
}
