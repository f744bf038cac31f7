import type { GeneratorChoice } from '../lib/choose-generator.ts';
import { GENERATORS } from '../lib/choose-generator.ts';
import { Mistakes, flag, readArgs, string, stringOr } from '../lib/command-line.ts';
import type { Part } from './plan.ts';
import { PARTS } from './plan.ts';

export interface CommandOptions {
  readonly help: boolean;
  readonly users: number;
  readonly minutes: number | undefined;
  readonly remoteLatencyMs: number;
  readonly quick: boolean;
  readonly parts: readonly Part[];
  readonly generator: GeneratorChoice;
  /** URL of the API of a running system; undefined: start one. */
  readonly target: string | undefined;
  readonly accounts: number;
  readonly seed: number;
  /** Directory of the report; undefined: report/duel-<time>. */
  readonly out: string | undefined;
  /** A report.json to draw again. */
  readonly redraw: string | undefined;
}

export const USAGE = `npm run duel -- [options]

Measures the event-driven pipeline against its synchronous twin, under the same load, and writes a report.

  --users N               users of the main experiment (40)
  --minutes N             length of the main experiment for each mode (0.5; the article had 10)
  --remote-latency-ms N   latency of the remote system (450)
  --parts A,B             of ${PARTS.join(', ')} (all)
  --quick                 everything as short as it can be
  --generator NAME        ${GENERATORS.join(', ')} (auto: k6 where the PATH has it, else autocannon)
  --target URL            API of a running system, instead of starting one
  --accounts N            demo accounts that the payments are between (1000)
  --seed N                of the payments (1)
  --out DIR               where to write (report/duel-<time>)
  --redraw FILE           draw the report of a report.json again, measure nothing`;

/** @throws UsageError */
export function parseOptions(args: readonly string[]): CommandOptions {
  const values = readArgs(args, {
    users: stringOr('40'),
    minutes: string,
    'remote-latency-ms': stringOr('450'),
    parts: stringOr(PARTS.join(',')),
    quick: flag,
    generator: stringOr('auto'),
    target: string,
    accounts: stringOr('1000'),
    seed: stringOr('1'),
    out: string,
    redraw: string,
    help: flag,
  });
  const { help, minutes, quick, target, out, redraw } = values;
  const mistakes = new Mistakes();
  const whole = (name: 'users' | 'accounts' | 'seed', bounds: readonly [number, number]): number =>
    Math.round(mistakes.number(name, values[name], bounds));
  const parts = mistakes.listOf('parts', values.parts, PARTS);
  if (!parts.includes('main')) mistakes.add('--parts must include main');
  const options = {
    help,
    users: whole('users', [1, 10_000]),
    minutes: minutes === undefined ? undefined : mistakes.number('minutes', minutes, [0.1, 24 * 60]),
    remoteLatencyMs: mistakes.number('remote-latency-ms', values['remote-latency-ms'], [0, 60_000]),
    quick,
    parts,
    generator: mistakes.oneOf('generator', values.generator, GENERATORS),
    target,
    accounts: whole('accounts', [2, 999_999]),
    seed: whole('seed', [0, 100_000]),
    out,
    redraw,
  };
  mistakes.end();
  return options;
}
