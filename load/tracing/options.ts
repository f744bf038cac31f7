import { parseArgs } from 'node:util';

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

/** Mistakes on the command line, all of them. */
export class UsageError extends Error {
  readonly code = 'config';
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): TracingOptions {
  const values = readArgs(args);
  const mistakes: string[] = [];
  const number = (name: 'rounds' | 'seconds', min: number, max: number): number => {
    const value = Number(values[name]);
    if (!(value >= min && value <= max)) mistakes.push(`--${name} must be a number from ${min} to ${max}`);
    return value;
  };
  const options = {
    help: values.help,
    rounds: number('rounds', 1, 100),
    seconds: number('seconds', 4, 3_600),
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
        rounds: string('3'),
        seconds: string('20'),
        out: string('docs/bench'),
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
