import type { GeneratorChoice } from '../lib/choose-generator.ts';
import { GENERATORS } from '../lib/choose-generator.ts';
import { Mistakes, flag, readArgs, string, stringOr } from '../lib/command-line.ts';
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

/** @throws UsageError */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = readArgs(args, {
    only: stringOr(ROW_KEYS.join(',')),
    generator: stringOr('autocannon'),
    quick: flag,
    help: flag,
    seconds: string,
    out: string,
  });
  const { quick, help } = values;
  const mistakes = new Mistakes();
  const options = {
    help,
    only: mistakes.listOf('only', values.only, ROW_KEYS, 'row'),
    quick,
    holdSeconds: mistakes.number('seconds', values.seconds ?? (quick ? '20' : '300'), [5, 86_400]),
    generator: mistakes.oneOf('generator', values.generator, GENERATORS),
    out: values.out ?? (quick ? 'report/bench-quick' : 'docs/bench'),
  };
  mistakes.end();
  return options;
}
