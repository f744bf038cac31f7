import type { Command } from 'commander';
import { z } from 'zod';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { CliError, databaseError } from '../errors.ts';
import { duration, flag, readInput } from '../options.ts';
import type { VerifyOptions } from '../verify.ts';
import { verify } from '../verify.ts';
import { LedgerError } from '../verify/ledger.ts';
import { renderReport } from '../verify/render.ts';
import type { VerifyReport } from '../verify/report.ts';

const HELP = `
Exit code: 0 every rule that was checked holds, 1 a rule is broken, 2 it could not be found out.
Reads DATABASE_URL and, for the remote system's ledger, REMOTE_URL or --remote-url.`;

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .summary('settlement audit: every transaction against its log, business row and the ledger')
    .description(
      'Compares, on one snapshot of the database, every transaction with its events, its business row, its ' +
        'place in the lane of its key, the outbox, and the ledger of the remote system.',
    )
    .option('--remote-url <url>', "remote system whose /ledger is compared with (default: REMOTE_URL's)")
    .option('--require-ledger', 'fail with exit code 2 when there is no ledger to compare with')
    .option('--outbox-bound <time>', 'oldest that a row in the outbox may be', '60s')
    .option('--wait <time>', 'wait at most this long for everything to end before looking', '0s')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', HELP)
    .action((given: Record<string, unknown>) => run(given, context));
}

async function run(given: Readonly<Record<string, unknown>>, context: CommandContext): Promise<void> {
  const { options, config } = readInput({
    given,
    env: context.env,
    config: { ...cliConfig.database, ...cliConfig.remote },
    options: {
      remoteUrl: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
      requireLedger: flag,
      outboxBound: duration,
      wait: duration,
      json: flag,
    },
  });
  const report = await audit({
    databaseUrl: config.DATABASE_URL,
    remoteUrl: options.remoteUrl ?? config.REMOTE_URL,
    requireLedger: options.requireLedger,
    outboxBoundSeconds: options.outboxBound / 1_000,
    waitMs: options.wait,
  });
  const { terminal } = context;
  await terminal.print(
    options.json ? JSON.stringify(report, null, 2) : renderReport(terminal, report).join('\n'),
  );
  context.exitWith(report.ok ? 0 : 1);
}

async function audit(options: VerifyOptions): Promise<VerifyReport> {
  try {
    return await verify(options);
  } catch (error) {
    if (error instanceof LedgerError)
      throw new CliError(2, `The remote system's ledger (REMOTE_URL, --remote-url): ${error.message}.`, {
        cause: error,
      });
    throw databaseError(error, options.databaseUrl);
  }
}
