import { Command } from 'commander';
import type { CommandContext } from './command.ts';
import { addDescribe } from './commands/describe.ts';
import { addDlq } from './commands/dlq.ts';
import { addGet } from './commands/get.ts';
import { addLag } from './commands/lag.ts';
import { addSetup } from './commands/setup.ts';
import { addSubmit } from './commands/submit.ts';
import { addVerify } from './commands/verify.ts';
import { addWhy } from './commands/why.ts';

const ROLES = `
Processes (each configured by the environment):
  local                 everything on this machine; what npm start runs
  api, relay            the services
  stage <name>          a stage: validate, remote or persist
  remote-simulator      a slow remote system that keeps books
  operator              sets the replicas of the stages
  duel, bench           measurements

Scaling (each has --help):
  explain <scaler>      why a stage has the replicas that it has
  what-if               a recording of the operator, decided again with other settings

Environment: SLUICE_API_URL, DATABASE_URL, KAFKA_BROKERS (with KAFKA_TLS… and KAFKA_SASL_… as the services have them),
SLUICE_TOPIC_PREFIX, SLUICE_TYPES, REMOTE_URL.
While a local stack runs, its addresses are used for whatever is not set.
Exit code: 0 done, 1 the answer is no, 2 the command or its surroundings are at fault.`;

export interface ProgramOptions extends CommandContext {
  readonly version: string;
}

/** Every command of the command line. Parsing rejects with CommanderError or CliError. */
export function createProgram({ version, ...context }: ProgramOptions): Command {
  const program = new Command('sluice')
    .description('Operates a transaction pipeline: submits, explains, measures, repairs and audits.')
    .version(version)
    .exitOverride()
    .configureHelp({ helpWidth: context.terminal.columns, showGlobalOptions: false })
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', ROLES);
  addSubmit(program, context);
  addGet(program, context);
  addWhy(program, context);
  addLag(program, context);
  addDlq(program, context);
  addVerify(program, context);
  addSetup(program, context);
  addDescribe(program, context);
  return program;
}
