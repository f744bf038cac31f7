import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { assertNode } from '../../otel/lifecycle.ts';
import { CliError } from './cli-error.ts';
import { createProgram } from './program.ts';

const EXIT_USAGE = 2;

try {
  assertNode(process.versions.node);
  const program = createProgram({
    operatorUrl: process.env['SLUICE_OPERATOR_URL'] || 'http://127.0.0.1:8071',
    print: (lines) => void process.stdout.write(`${lines.join('\n')}\n`),
  });
  await program.parseAsync(process.argv);
} catch (error) {
  report(error);
}
// All has been said: connections that are still being opened, or closed, are waited for by nobody.
process.exit();

function report(error: unknown): void {
  if (error instanceof CommanderError && error.exitCode === 0) return;
  process.exitCode = EXIT_USAGE;
  if (error instanceof CliError) process.stderr.write(`${error.message}\n`);
  else if (error instanceof CommanderError)
    process.stderr.write(
      `${error.message.replace(/^error: /, '')}\nSee sluice ${process.argv[2] ?? ''} --help.\n`,
    );
  else process.stderr.write(`${inspect(error)}\n`);
}
