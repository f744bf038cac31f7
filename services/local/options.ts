import { Command, CommanderError } from 'commander';
import { TRANSACTION_TYPES } from '../transactions/registry.ts';
import { MAX_REPLICAS } from './supervisor/supervisor.ts';
import type { Replicas, Scalable } from './roles.ts';
import { SCALABLE } from './roles.ts';

export interface LocalOptions {
  readonly demo: boolean;
  /** Run the demonstration, check, stop everything, exit. */
  readonly once: boolean;
  readonly fresh: boolean;
  /** Length of the load step. */
  readonly seconds: number;
  /** Requests per second offered in all; 0: as many as the users can. */
  readonly rate: number;
  /** Users that each wait for their answer before they send again. */
  readonly users: number;
  /** Set by hand: the operator leaves these stages as they are. */
  readonly replicas: Replicas;
  /** Run the operator, which sets the replicas of the stages. */
  readonly operator: boolean;
  /** File for what the operator observes. */
  readonly record: string | undefined;
  /** Comma list; undefined: as SLUICE_TYPES says. */
  readonly types: string | undefined;
  readonly remoteLatencyMs: number;
  /** File for the summary. */
  readonly json: string | undefined;
}

/** Every mistake on the command line, in one message. The process exits with code 2. */
export class OptionsError extends Error {
  readonly code = 'options';
}

interface Raw {
  readonly demo: boolean;
  readonly once?: boolean;
  readonly fresh?: boolean;
  readonly seconds: string;
  readonly rate: string;
  readonly users: string;
  readonly replicas?: readonly string[];
  readonly operator: boolean;
  readonly record?: string;
  readonly types?: string;
  readonly remoteLatencyMs: string;
  readonly json?: string;
}

const TYPE_NAMES = TRANSACTION_TYPES.map((type) => type.name);

const EXAMPLES = `
Examples:
  npm start                                          everything, then a demonstration of a minute
  npm start -- --once --json summary.json            the same, checked, then all is stopped
  npm start -- --no-demo                             only the services
  npm start -- --users 200 --replicas remote=2       more load, always two processes for the remote stage
  npm start -- --no-operator                         one process per stage, whatever the load
  npm start -- --remote-latency-ms 50 --rate 200     a quicker remote system, an even load

Environment: API_PORT, SUPERVISOR_PORT, OPERATOR_PORT, SIMULATOR_PORT, KAFKA_PORT, POSTGRES_PORT name a port;
KAFKA_BROKERS and DATABASE_URL use what you have; OTEL_EXPORTER_OTLP_ENDPOINT turns tracing on;
SLUICE_DATA_DIR (.sluice) and SLUICE_CACHE_DIR (~/.cache/sluice) say where things are kept.`;

/**
 * Reads the options of `npm start`.
 * @throws OptionsError that lists every mistake; CommanderError of code `commander.helpDisplayed` after --help
 */
export function parseOptions(args: readonly string[]): LocalOptions {
  const mistakes: string[] = [];
  const raw = parseRaw(args, mistakes);
  const integer = (name: string, text: string, min: number, max: number): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    mistakes.push(`--${name} is "${text}": must be an integer from ${min} to ${max}`);
    return min;
  };
  const options: LocalOptions = {
    demo: raw.demo,
    once: raw.once ?? false,
    fresh: raw.fresh ?? false,
    seconds: integer('seconds', raw.seconds, 1, 86_400),
    rate: integer('rate', raw.rate, 0, 1_000_000),
    users: integer('users', raw.users, 1, 10_000),
    replicas: parseReplicas(raw.replicas ?? [], mistakes),
    operator: raw.operator,
    record: raw.record,
    types: raw.types === undefined ? undefined : parseTypes(raw.types, mistakes),
    remoteLatencyMs: integer('remote-latency-ms', raw.remoteLatencyMs, 0, 600_000),
    json: raw.json,
  };
  if (options.once && !options.demo) mistakes.push('--once and --no-demo exclude each other');
  if (options.json !== undefined && !options.demo) mistakes.push('--json and --no-demo exclude each other');
  if (options.record !== undefined && !options.operator)
    mistakes.push('--record and --no-operator exclude each other');
  if (mistakes.length === 0) return options;
  throw new OptionsError(
    `${mistakes.map((mistake) => `  ${mistake}`).join('\n')}\nnpm start -- --help lists the options.`,
  );
}

function parseRaw(args: readonly string[], mistakes: string[]): Raw {
  const command = createCommand();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code === 'commander.helpDisplayed') throw error;
    throw new OptionsError(
      `  ${error.message.replace(/^error: /, '')}\nnpm start -- --help lists the options.`,
    );
  }
  for (const left of command.args)
    mistakes.push(left.startsWith('-') ? `${left} is no option` : `"${left}" belongs to no option`);
  return command.opts<Raw>();
}

/** Unknown options are let through by Commander and reported with everything else. */
function createCommand(): Command {
  const collect = (value: string, all: readonly string[] = []) => [...all, value];
  return new Command('npm start --')
    .description('Kafka, Postgres and every service of Sluice on this machine, and a demonstration on them.')
    .option('--seconds <n>', 'length of the load step', '60')
    .option('--rate <n>', 'requests per second to offer; 0: as many as the users can', '0')
    .option('--users <n>', 'users who each send, wait for the answer and send again', '40')
    .option(
      '--replicas <stage=n>',
      `processes of a stage (${SCALABLE.join(', ')}), kept as they are; may be given again`,
      collect,
    )
    .option('--no-operator', 'do not scale the stages by the load')
    .option('--record <file>', 'append what the operator observes to a file, for sluice what-if')
    .option('--types <list>', `transaction types in use, of: ${TYPE_NAMES.join(', ')}`)
    .option('--remote-latency-ms <n>', 'how long the simulated remote system takes', '450')
    .option('--once', 'play the demonstration, check that everything has settled, stop all, exit')
    .option('--json <file>', 'write the summary to a file')
    .option('--no-demo', 'only serve')
    .option('--fresh', 'forget what earlier runs have stored')
    .addHelpText('after', EXAMPLES)
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

function parseReplicas(pairs: readonly string[], mistakes: string[]): Replicas {
  const replicas: Partial<Record<Scalable, number>> = {};
  for (const pair of pairs) {
    const [, name, text] = /^([a-z-]+)=(\d+)$/.exec(pair) ?? [];
    const stage = SCALABLE.find((candidate) => candidate === name);
    if (stage && Number(text) <= MAX_REPLICAS) replicas[stage] = Number(text);
    else
      mistakes.push(
        `--replicas is "${pair}": must be one of ${SCALABLE.join(', ')}, then = and an integer from 0 to ${MAX_REPLICAS}`,
      );
  }
  return replicas;
}

function parseTypes(list: string, mistakes: string[]): string {
  const unknown = list.split(',').filter((name) => !TYPE_NAMES.includes(name.trim()));
  for (const name of unknown) mistakes.push(`--types has "${name}": there are ${TYPE_NAMES.join(', ')}`);
  return list;
}
