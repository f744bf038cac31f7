import { Command, CommanderError } from 'commander';
import { CONTROLLERS, ENVIRONMENTS, scenariosIn } from './run/catalog.ts';
import { OWN_STAGES } from './traces/environments.ts';

export interface SimulateOptions {
  readonly traces: readonly string[];
  readonly controllers: readonly string[];
  readonly seeds: number;
  readonly environment: string;
  readonly random: number;
  readonly workers: number;
  readonly quick: boolean;
  readonly out: string;
}

/** Mistakes on the command line, all of them. */
export class UsageError extends Error {
  readonly code = 'config';
}

interface Given {
  traces?: string;
  controllers?: string;
  seeds?: string;
  environment: string;
  random?: string;
  workers: string;
  quick?: true;
  out?: string;
}

const names = (items: readonly { readonly name: string }[]): string[] => items.map(({ name }) => name);
const TRACES = names(scenariosIn(OWN_STAGES));

/** Undefined when only help was asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): SimulateOptions | undefined {
  const command = describe();
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UsageError(error.message);
  }
  return check(command.opts<Given>());
}

function describe(): Command {
  return new Command('npm run simulate --')
    .description('Simulates the operator and other autoscalers on the same traces, and writes a report.')
    .option('--traces <names>', `comma-separated, of ${TRACES.join(', ')} (all)`)
    .option('--controllers <names>', `comma-separated, of ${names(CONTROLLERS).join(', ')} (all)`)
    .option('--seeds <n>', 'runs of each trace and controller (5; quick: 2)')
    .option(
      '--environment <name>',
      `cold start and pauses: ${names(ENVIRONMENTS).join(', ')}`,
      OWN_STAGES.name,
    )
    .option('--random <n>', 'random traces on which the invariants are checked (1000; quick: 50; 0: none)')
    .option('--workers <n>', 'threads', '2')
    .option('--quick', 'fewer runs of everything: half a minute')
    .option('--out <directory>', 'where to write (docs/simulation; quick: report/simulation)')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

function check(given: Given): SimulateOptions {
  const mistakes: string[] = [];
  const list = (option: string, text: string | undefined, all: readonly string[]): readonly string[] => {
    const chosen = text === undefined ? all : text.split(',').map((name) => name.trim());
    for (const name of chosen.filter((one) => !all.includes(one)))
      mistakes.push(`--${option}: there is no ${JSON.stringify(name)}; there are ${all.join(', ')}`);
    return chosen;
  };
  const count = (option: string, text: string, min: number, max: number): number => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      mistakes.push(`--${option} ${JSON.stringify(text)} must be a whole number from ${min} to ${max}`);
    return value;
  };
  const quick = given.quick === true;
  const options: SimulateOptions = {
    traces: list('traces', given.traces, TRACES),
    controllers: list('controllers', given.controllers, names(CONTROLLERS)),
    seeds: count('seeds', given.seeds ?? (quick ? '2' : '5'), 1, 100),
    environment: list('environment', given.environment, names(ENVIRONMENTS))[0]!,
    random: count('random', given.random ?? (quick ? '50' : '1000'), 0, 100_000),
    workers: count('workers', given.workers, 1, 64),
    quick,
    out: given.out ?? (quick ? 'report/simulation' : 'docs/simulation'),
  };
  if (mistakes.length === 0) return options;
  throw new UsageError(`The command line has ${mistakes.length} mistake(s):\n  ${mistakes.join('\n  ')}`);
}
