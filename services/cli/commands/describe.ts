import type { Command } from 'commander';
import { Registry, TRANSACTION_TYPES } from '../../transactions/registry.ts';
import { createApiClient } from '../api-client.ts';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { flag, readInput } from '../options.ts';
import { table } from '../output/table.ts';
import { problemLines } from '../problem.ts';

type Given = Readonly<Record<string, unknown>>;

/** `types` and `openapi`: what can be submitted, and how. */
export function addDescribe(program: Command, context: CommandContext): void {
  program
    .command('types')
    .summary('transaction types that this build knows')
    .description(
      'Lists the transaction types, which of them are in use (SLUICE_TYPES), and an example of each.',
    )
    .option('--json', 'print as JSON, with the JSON Schema of each payload')
    .action((given: Given) => runTypes(given, context));
  program
    .command('openapi')
    .summary("the API's OpenAPI document")
    .description('Prints the OpenAPI 3.1 document of the API (SLUICE_API_URL).')
    .action((given: Given) => runOpenApi(given, context));
}

async function runTypes(given: Given, { env, terminal }: CommandContext): Promise<void> {
  const { options, config } = readInput({ given, env, options: { json: flag }, config: cliConfig.types });
  const inUse = Registry.parse(config.SLUICE_TYPES);
  const types = TRANSACTION_TYPES.map(({ name, order, example, payloadSchema }) => {
    return { name, order, inUse: inUse.get(name) !== undefined, example, payloadSchema };
  });
  if (options.json) return terminal.print(JSON.stringify(types, null, 2));
  const columns = [
    { title: 'TYPE' },
    { title: 'ORDER' },
    { title: 'IN USE' },
    { title: 'EXAMPLE OF A PAYLOAD', flexible: true },
  ];
  const rows = types.map(({ name, order, inUse, example }) => [
    name,
    order,
    inUse ? 'yes' : 'no',
    JSON.stringify(example),
  ]);
  return terminal.print(table(terminal, columns, rows).join('\n'));
}

async function runOpenApi(given: Given, { env, terminal }: CommandContext): Promise<void> {
  const { config } = readInput({ given, env, options: {}, config: cliConfig.api });
  const client = createApiClient(config.SLUICE_API_URL);
  try {
    const { status, body } = await client.call({ path: '/openapi.json' });
    if (status !== 200) throw new CliError(1, problemLines(terminal, status, body).join('\n'));
    await terminal.print(JSON.stringify(body, null, 2));
  } finally {
    await client.close();
  }
}
