import { inspect } from 'node:util';
import { explain } from './interruption.ts';

export interface BenchCommand<Options extends { readonly help: boolean }> {
  /** @throws an error that says all that is wrong with the arguments */
  readonly parseOptions: (args: readonly string[]) => Options;
  readonly usage: string;
  readonly bench: (options: Options) => Promise<void>;
}

/** Runs a bench as this process, to its end: exit code 0, or another one with the reason on stderr. */
export async function runBench<Options extends { readonly help: boolean }>(
  { parseOptions, usage, bench }: BenchCommand<Options>,
  args: readonly string[],
): Promise<never> {
  try {
    const options = parseOptions(args);
    if (options.help) process.stdout.write(`${usage}\n`);
    else await bench(options);
    process.exit(0);
  } catch (error) {
    const { exitCode, text } = explain(error, inspect);
    process.stderr.write(`${text}\n`);
    process.exit(exitCode);
  }
}
