import { Mistakes, flag, readArgs, stringOr } from '../lib/command-line.ts';

export interface TracingOptions {
  readonly help: boolean;
  /** Each measures every way of sampling once. */
  readonly rounds: number;
  /** Of load that is measured, per round and way. */
  readonly seconds: number;
  /** Of load before it: Node has not compiled what is used, and all of it costs several times as much. */
  readonly warmUpSeconds: number;
  /** Directory. */
  readonly out: string;
}

export const USAGE = `npm run bench:tracing -- [options]

What tracing costs: transactions completed per second without it, at 5 % sampling and at 100 %, and once more without,
which shows how much two measurements differ that should not. One Kafka and one Postgres; for each measurement all
services are started anew, one way of sampling after the other, round for round. One more round comes first and is not
counted. The machine should have nothing else to do.

  --rounds N     how often each is measured (8)
  --seconds N    of load that is measured, each time (12)
  --warm-up N    seconds of load before it (8)
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
    rounds: stringOr('8'),
    seconds: stringOr('12'),
    'warm-up': stringOr('8'),
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
