import { parseArgs } from 'node:util';

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
  /** Directory. */
  /** For the report: what the reader should know of this run. */
  readonly note: string | undefined;
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

/** Mistakes on the command line, all of them. */
export class UsageError extends Error {
  readonly code = 'config';
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): RebalanceOptions {
  const values = readArgs(args);
  const mistakes: string[] = [];
  const number = (name: keyof typeof values, min: number, max: number): number => {
    const value = Number(values[name]);
    if (!(value >= min && value <= max)) mistakes.push(`--${name} must be a number from ${min} to ${max}`);
    return value;
  };
  const members = values.members.split(',').map(Number);
  if (members.length < 2 || !members.every((count) => Number.isInteger(count) && count > 0 && count <= 64))
    mistakes.push('--members must be two or more numbers of replicas, each from 1 to 64');
  const options = {
    help: values.help,
    members,
    rate: number('rate', 1, 5_000),
    partitions: number('partitions', 1, 256),
    latencyMs: number('latency', 0, 10_000),
    holdSeconds: number('hold', 2, 600),
    rounds: number('rounds', 1, 100),
    note: values.note,
    out: values.out,
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return options;
}

function readArgs(args: readonly string[]) {
  const string = (value: string) => ({ type: 'string', default: value }) as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        members: string('1,2,4,8,4,2,1'),
        rate: string('240'),
        partitions: string('24'),
        latency: string('150'),
        hold: string('8'),
        rounds: string('3'),
        note: { type: 'string' },
        out: string('docs/bench'),
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
