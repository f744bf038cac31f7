import { Mistakes, flag, readArgs, string, stringOr } from '../lib/command-line.ts';

export interface RebalanceOptions {
  readonly help: boolean;
  /** Members of the group, one change after the other. */
  readonly members: readonly number[];
  /** Transactions per second, all partitions together. */
  readonly rate: number;
  readonly partitions: number;
  /** How long one message takes its handler. */
  readonly latencyMs: number;
  /** Steady load before a change, and after it. */
  readonly holdSeconds: number;
  readonly rounds: number;
  /** For the report: what the reader should know of this run. */
  readonly note: string | undefined;
  /** Directory. */
  readonly out: string;
}

export const USAGE = `npm run bench:rebalance -- [options]

How long a stage stands still when its replicas change: real Kafka, Postgres and processes, steady load.

  --members A,B,...  replicas, one change after the other (1,2,4,8,4,2,1)
  --rate N           transactions per second (240)
  --partitions N     of every topic (24)
  --latency MS       of the remote system, which is what a message costs (150)
  --hold SECONDS     of steady load before and after each change (8)
  --rounds N         how often to go through all of it (3)
  --note TEXT        a line for the report, such as what else the machine was doing
  --out DIR          where rebalance.md and rebalance.json go (docs/bench)`;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): RebalanceOptions {
  const values = readArgs(args, {
    help: flag,
    members: stringOr('1,2,4,8,4,2,1'),
    rate: stringOr('240'),
    partitions: stringOr('24'),
    latency: stringOr('150'),
    hold: stringOr('8'),
    rounds: stringOr('3'),
    note: string,
    out: stringOr('docs/bench'),
  });
  const mistakes = new Mistakes();
  const members = values.members.split(',').map(Number);
  if (members.length < 2 || !members.every((count) => Number.isInteger(count) && count > 0 && count <= 64))
    mistakes.add('--members must be two or more numbers of replicas, each from 1 to 64');
  const options = {
    help: values.help,
    members,
    rate: mistakes.number('rate', values.rate, [1, 5_000]),
    partitions: mistakes.number('partitions', values.partitions, [1, 256]),
    latencyMs: mistakes.number('latency', values.latency, [0, 10_000]),
    holdSeconds: mistakes.number('hold', values.hold, [2, 600]),
    rounds: mistakes.number('rounds', values.rounds, [1, 100]),
    note: values.note,
    out: values.out,
  };
  mistakes.end();
  return options;
}
