import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { RecordingError, readRecording } from '../loop/recording.ts';
import type { Profile } from '../scaling/types.ts';
import { CliError } from './cli-error.ts';
import type { ExplainOptions } from './explain/find-detail.ts';
import { findDetail } from './explain/find-detail.ts';
import { renderExplanation } from './explain/render.ts';

export interface ProgramContext {
  /** Of an operator on this machine. */
  readonly operatorUrl: string;
  readonly print: (lines: readonly string[]) => void;
}

/** The commands of the operator. Parsing rejects with CommanderError or CliError. */
export function createProgram(context: ProgramContext): Command {
  const program = new Command('sluice').exitOverride().configureOutput({ outputError: () => {} });
  addExplain(program, context);
  addWhatIf(program, context);
  return program;
}

function addExplain(program: Command, { operatorUrl, print }: ProgramContext): void {
  program
    .command('explain')
    .description('Why a stage has the replicas that it has: what was measured, considered and decided last.')
    .argument('<scaler>', 'name of the StageScaler; in Kubernetes name, or namespace/name')
    .option('--kubeconfig <file>', 'how to reach Kubernetes (default: KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <name>', 'of the StageScaler (default: that of the context)')
    .option('--operator-namespace <name>', 'of the operator (default: found by its Lease)')
    .option('--operator <url>', `ask the operator that serves GET /scalers there, e.g. ${operatorUrl}`)
    .option('--json', 'print what the operator says as JSON')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (name: string, { json, ...options }: ExplainOptions & { json?: boolean }) => {
      const { detail, note } = await findDetail(name, options, operatorUrl);
      print(json ? [JSON.stringify(detail, undefined, 2)] : renderExplanation(detail, note));
    });
}

const EXPLAIN_HELP = `
Without any of these it asks the operator on this machine, if there is one that knows the scaler, and else the one
in the cluster of the kubeconfig: through a port-forward to the pod that leads. Where that cannot be had, it reads
what the operator has written into the StageScaler.`;

interface WhatIfOptions {
  readonly recording: string;
  readonly maxAge?: number;
  readonly profile?: Profile;
  readonly min?: number;
  readonly max?: number;
  readonly scaler?: string;
  readonly svg: string;
}

function addWhatIf(program: Command, { print }: ProgramContext): void {
  program
    .command('what-if')
    .description('Decides a recording (sluice operator --record FILE) again, with other settings.')
    .requiredOption('--recording <file>', 'what the operator has recorded')
    .option('--max-age <seconds>', 'how long an event may wait', positive)
    .addOption(new Option('--profile <name>', 'profile').choices(['cost', 'balanced', 'stable']))
    .option('--min <replicas>', 'minReplicas', count)
    .option('--max <replicas>', 'maxReplicas', count)
    .option('--scaler <name>', 'change this one only; default: all')
    .option('--svg <file>', 'where the picture goes', 'what-if.svg')
    .action(async (options: WhatIfOptions) => {
      print(await runWhatIf(options));
    });
}

async function runWhatIf(options: WhatIfOptions): Promise<string[]> {
  const { recording, maxAge, profile, min, max, scaler, svg } = options;
  const observations = await readRecording(recording).catch((error: unknown) => {
    if (error instanceof RecordingError) throw new CliError(error.message);
    throw new CliError(
      `${recording} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  if (observations.length < 2) throw new CliError(`${recording} holds too little to be decided again.`);
  const { compare } = await import('./what-if/replay.ts');
  const { renderComparison } = await import('./what-if/render.ts');
  const change = { maxAgeSeconds: maxAge, profile, minReplicas: min, maxReplicas: max };
  const comparisons = compare(observations, change, scaler);
  if (comparisons.length === 0) throw new CliError(`${recording} has no scaler named ${scaler}.`);
  const given = Object.entries(options).filter(([name]) => !['recording', 'svg'].includes(name));
  const subtitle = given.map(([name, value]) => `${name} ${String(value)}`).join(', ') || 'as recorded';
  const { drawComparison } = await import('./what-if/chart.ts');
  await writeFile(svg, drawComparison(comparisons, subtitle));
  return [...renderComparison(comparisons, change), '', `Picture: ${svg}`];
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('must be a number above 0.');
}

function count(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('must be a whole number.');
}
