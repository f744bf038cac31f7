import type { Command } from 'commander';
import { isTerminal } from '../../domain/state-machine.ts';
import { createApiClient } from '../api-client.ts';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { duration, flag, readInput } from '../options.ts';
import { fetchTransaction, transactionLines } from '../transaction.ts';

export function addGet(program: Command, context: CommandContext): void {
  program
    .command('get')
    .summary('a transaction as it stands')
    .description('Asks the API (SLUICE_API_URL) for a transaction.')
    .argument('<id>', 'id of the transaction')
    .option('--wait <time>', 'wait at most this long for its end; exit code 1 when it has none by then', '0s')
    .option('--json', 'print what the API answers')
    .action((id: string, given: Record<string, unknown>) => run(id, given, context));
}

async function run(
  id: string,
  given: Readonly<Record<string, unknown>>,
  context: CommandContext,
): Promise<void> {
  const { terminal, env } = context;
  const options = { wait: duration, json: flag };
  const input = readInput({ given, env, options, config: cliConfig.api });
  const client = createApiClient(input.config.SLUICE_API_URL);
  const waitMs = input.options.wait;
  try {
    const view = await fetchTransaction({ client, terminal, id, waitMs });
    await terminal.print(
      input.options.json ? JSON.stringify(view, null, 2) : transactionLines(terminal, view).join('\n'),
    );
    context.exitWith(waitMs > 0 && !isTerminal(view.state) ? 1 : 0);
  } finally {
    await client.close();
  }
}
