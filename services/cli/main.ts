import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { assertNode } from '../../otel/lifecycle.ts';
import { ConfigError } from '../config.ts';
import { CliError } from './errors.ts';
import { createTerminal } from './output/terminal.ts';
import { createProgram } from './program.ts';

/** What a shell reports for a process that SIGINT has ended. */
const INTERRUPTED = 130;
/** Ctrl-C reaches a process twice, from the terminal and from what started it, within a few ms. */
const SAME_SIGNAL_MS = 500;

async function main(): Promise<void> {
  assertNode(process.versions.node);
  // The reader of a pipe has had enough: nothing is wrong.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const program = createProgram({
    version: productVersion(),
    env: process.env,
    terminal: createTerminal(process),
    interruptible: interruptible(),
    exitWith: (code) => {
      process.exitCode ??= code;
    },
  });
  await program.parseAsync(process.argv);
}

function interruptible(): () => AbortSignal {
  const interrupted = new AbortController();
  let asked = false;
  let sinceMs: number | undefined;
  process.on('SIGINT', () => {
    const nowMs = performance.now();
    if (!asked || (sinceMs !== undefined && nowMs - sinceMs > SAME_SIGNAL_MS)) process.exit(INTERRUPTED);
    sinceMs ??= nowMs;
    process.exitCode = INTERRUPTED;
    interrupted.abort();
  });
  return () => {
    asked = true;
    return interrupted.signal;
  };
}

function productVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function report(error: unknown): void {
  if (error instanceof CommanderError) {
    // Help and version were asked for; the usage of a line without a command is printed already.
    if (error.exitCode === 0) return;
    process.exitCode = 2;
    if (error.code === 'commander.help') return;
    process.stderr.write(`${error.message.replace(/^error: /, '')}\nSee sluice --help.\n`);
    return;
  }
  const expected = error instanceof CliError || error instanceof ConfigError;
  process.stderr.write(`${expected ? error.message : inspect(error)}\n`);
  process.exitCode = error instanceof CliError ? error.exitCode : 2;
}

await main().catch(report);
