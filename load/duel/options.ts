import { parseArgs } from 'node:util';
import type { GeneratorChoice } from '../lib/choose-generator.ts';
import { GENERATORS } from '../lib/choose-generator.ts';
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

/** Mistakes on the command line, all of them. */
export class UsageError extends Error {
  readonly code = 'config';
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): CommandOptions {
  const values = readArgs(args);
  const mistakes: string[] = [];
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const text = values[name];
    const value = typeof text === 'string' ? Number(text) : fallback;
    if (!(value >= min && value <= max)) mistakes.push(`--${name} must be a number from ${min} to ${max}`);
    return value;
  };
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const generator = text('generator') ?? 'auto';
  if (!isOneOf(GENERATORS, generator)) mistakes.push(`--generator must be one of ${GENERATORS.join(', ')}`);
  const parts = text('parts')?.split(',') ?? PARTS;
  for (const part of parts) if (!isOneOf(PARTS, part)) mistakes.push(`--parts: there is no ${part}`);
  if (!parts.includes('main')) mistakes.push('--parts must include main');
  const options: CommandOptions = {
    help: values['help'] === true,
    users: Math.round(number('users', 40, 1, 10_000)),
    minutes: values['minutes'] === undefined ? undefined : number('minutes', 0.5, 0.1, 24 * 60),
    remoteLatencyMs: number('remote-latency-ms', 450, 0, 60_000),
    quick: values['quick'] === true,
    parts: parts as Part[],
    generator: generator as GeneratorChoice,
    target: text('target'),
    accounts: Math.round(number('accounts', 1_000, 2, 999_999)),
    seed: Math.round(number('seed', 1, 0, 100_000)),
    out: text('out'),
    redraw: text('redraw'),
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return options;
}

function readArgs(args: readonly string[]): Record<string, string | boolean | undefined> {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        users: string,
        minutes: string,
        'remote-latency-ms': string,
        parts: string,
        quick: boolean,
        generator: string,
        target: string,
        accounts: string,
        seed: string,
        out: string,
        redraw: string,
        help: boolean,
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function isOneOf<Value extends string>(list: readonly Value[], text: string): text is Value {
  return (list as readonly string[]).includes(text);
}
