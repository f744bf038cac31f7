import { Mistakes, flag, readArgs, stringOr } from '../lib/command-line.ts';

export interface TracingOptions {
  readonly help: boolean;
  /** In each the services are started twice: with tracing off, and with tracing on. */
  readonly rounds: number;
  /** How often each way is measured in a round. In six turns of three each follows each of the others as often. */
  readonly times: number;
  /** Of load that is measured, each time. */
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

What tracing costs: transactions completed per second with tracing off, with tracing on and nothing sampled, at 5 % and at
100 %. One Kafka and one Postgres; in each round all services are started with tracing off and are measured, then anew with
tracing on, where the ways of sampling take turns in the same processes. The machine should have nothing else to do.

  --rounds N     of both (4)
  --times N      that each way is measured in a round (6)
  --seconds N    of load that is measured each time (8)
  --warm-up N    seconds of load after each start that do not count (30)
  --out DIR      where tracing.md and tracing.json go (docs/bench)`;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): TracingOptions {
  const {
    help,
    rounds,
    times,
    seconds,
    'warm-up': warmUp,
    out,
  } = readArgs(args, {
    help: flag,
    rounds: stringOr('4'),
    times: stringOr('6'),
    seconds: stringOr('8'),
    'warm-up': stringOr('30'),
    out: stringOr('docs/bench'),
  });
  const mistakes = new Mistakes();
  const options = {
    help,
    rounds: mistakes.number('rounds', rounds, [2, 100]),
    times: mistakes.number('times', times, [1, 100]),
    seconds: mistakes.number('seconds', seconds, [4, 3_600]),
    warmUpSeconds: mistakes.number('warm-up', warmUp, [1, 3_600]),
    out,
  };
  mistakes.end();
  return options;
}
