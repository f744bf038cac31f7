import { parseArgs } from 'node:util';
import type { GeneratorChoice } from '../lib/choose-generator.ts';
import { GENERATORS } from '../lib/choose-generator.ts';
import type { RowKey } from './row.ts';
import { ROW_KEYS } from './row.ts';

export interface BenchOptions {
  readonly help: boolean;
  readonly only: readonly RowKey[];
  readonly quick: boolean;
  readonly holdSeconds: number;
  readonly generator: GeneratorChoice;
  readonly out: string;
}

export const USAGE = `npm run bench -- [options]

Measures every row of the table of speed and memory and writes docs/bench/latest.md and latest.json.

  --only A,B         of ${ROW_KEYS.join(', ')}
  --quick            short runs: shows that the bench works, proves nothing; writes to report/bench-quick
  --seconds N        length of the long run of "completed" (300)
  --generator NAME   ${GENERATORS.join(', ')} (autocannon: it takes a quarter of the CPU of k6 from the system)
  --out DIR          where to write`;

/** Mistakes on the command line, all of them. */
export class UsageError extends Error {
  readonly code = 'config';
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = readArgs(args);
  const mistakes: string[] = [];
  const only = values.only.split(',');
  for (const key of only) if (!isOneOf(ROW_KEYS, key)) mistakes.push(`--only: there is no row ${key}`);
  const { generator, quick, help } = values;
  if (!isOneOf(GENERATORS, generator)) mistakes.push(`--generator must be one of ${GENERATORS.join(', ')}`);
  const holdSeconds = Number(values.seconds ?? (quick ? 20 : 300));
  if (!(holdSeconds >= 5 && holdSeconds <= 86_400))
    mistakes.push('--seconds must be a number from 5 to 86400');
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return {
    help,
    only: only as RowKey[],
    quick,
    holdSeconds,
    generator: generator as GeneratorChoice,
    out: values.out ?? (quick ? 'report/bench-quick' : 'docs/bench'),
  };
}

function readArgs(args: readonly string[]) {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { ...string, default: ROW_KEYS.join(',') },
        generator: { ...string, default: 'autocannon' },
        quick: { ...boolean, default: false },
        help: { ...boolean, default: false },
        seconds: string,
        out: string,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function isOneOf<Value extends string>(list: readonly Value[], text: string): text is Value {
  return (list as readonly string[]).includes(text);
}
