import { randomUUID } from 'node:crypto';
import { accessSync, constants, createReadStream, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { isUuid } from '../../domain/ids.ts';
import { isTerminal } from '../../domain/state-machine.ts';
import type { ApiClient } from '../api-client.ts';
import { createApiClient } from '../api-client.ts';
import type { CommandContext } from '../command.ts';
import { cliConfig } from '../config.ts';
import { messageOf } from '../../error-message.ts';
import { CliError } from '../errors.ts';
import { duration, flag, readInput } from '../options.ts';
import { problemLines } from '../problem.ts';
import { submitBulk } from '../submit-bulk.ts';
import { fetchTransaction, transactionLines } from '../transaction.ts';

const HELP = `
Examples:
  sluice submit --payload '{"debtor":"ACC-000001","creditor":"ACC-000002","amount":1250,"currency":"EUR"}'
  sluice submit --file payment.json --key order-7 --idempotency-key 7f3a --wait 30s
  sluice submit --bulk payments.ndjson --batch-id 2026-03-01    one {"type", "payload", ...} per line
Exit code with --wait: 0 when it is done, 1 when it has ended otherwise or not at all.`;

const optionShape = {
  type: z.string().min(1, 'must not be empty').optional(),
  key: z.string().min(1, 'must not be empty').optional(),
  idempotencyKey: z.string().min(1, 'must not be empty').optional(),
  deadline: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-03-01T12:00:00Z' }).optional(),
  payload: json('is not JSON').optional(),
  file: z.string().transform(readJsonFile).optional(),
  bulk: z.string().transform(checkReadable).optional(),
  batchId: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters')
    .optional(),
  wait: duration.optional(),
  json: flag,
};
type Options = z.infer<z.ZodObject<typeof optionShape>>;

export function addSubmit(program: Command, context: CommandContext): void {
  program
    .command('submit')
    .summary('submit one transaction, or a file of any number')
    .description(
      'Submits to the API (SLUICE_API_URL). Prints the id as soon as the transaction is committed.',
    )
    .option('--type <name>', 'transaction type (default: payment)')
    .option('--payload <json>', 'payload, as JSON')
    .option('--file <path>', 'payload, from a file of JSON; - is stdin')
    .option('--key <key>', 'work is serial and in order within equal keys')
    .option('--idempotency-key <key>', 'makes the submission repeatable')
    .option('--deadline <time>', 'ISO 8601; after it the remote system is no longer called')
    .option('--wait <time>', 'wait at most this long for the end')
    .option('--bulk <path>', 'file of submissions, one JSON object per line; - is stdin')
    .option('--batch-id <id>', 'makes a bulk submission repeatable (default: made up, and printed)')
    .option('--json', 'print what the API answers')
    .addHelpText('after', HELP)
    .action((given: Record<string, unknown>) => run(given, context));
}

async function run(given: Readonly<Record<string, unknown>>, context: CommandContext): Promise<void> {
  const { env } = context;
  const { options, config } = readInput({ given, env, rules, options: optionShape, config: cliConfig.api });
  const client = createApiClient(config.SLUICE_API_URL);
  try {
    if (options.bulk === undefined) await submitOne(client, options, context);
    else await submitFile(client, { ...options, bulk: options.bulk }, context);
  } finally {
    await client.close();
  }
}

/** Mistakes in what was given together. */
function rules(given: Readonly<Record<string, unknown>>): string[] {
  const has = (name: string): boolean => given[name] !== undefined;
  const sources = ['payload', 'file', 'bulk'].filter((name) => has(name));
  const mistakes: string[] = [];
  if (sources.length !== 1) {
    const got = sources.length === 0 ? 'none was given' : `--${sources.join(' and --')} were given`;
    mistakes.push(`one of --payload, --file and --bulk is needed, ${got}`);
  }
  const single = {
    type: '--type',
    key: '--key',
    idempotencyKey: '--idempotency-key',
    deadline: '--deadline',
    wait: '--wait',
  };
  if (has('bulk'))
    for (const [name, option] of Object.entries(single))
      if (has(name)) mistakes.push(`${option} does not go with --bulk: each line says it for itself`);
  if (has('batchId') && !has('bulk')) mistakes.push('--batch-id goes with --bulk only');
  return mistakes;
}

async function submitOne(client: ApiClient, options: Options, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const { idempotencyKey, wait } = options;
  const answer = await client.call({
    method: 'POST',
    path: '/v1/transactions',
    headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
    body: bodyOf(options),
  });
  const id = idOf(answer.body);
  if (answer.status !== 202 || id === undefined)
    throw new CliError(1, problemLines(terminal, answer.status, answer.body).join('\n'));
  if (wait === undefined) {
    await terminal.print(options.json ? JSON.stringify(answer.body) : id);
    return;
  }
  const view = await fetchTransaction({ client, terminal, id, waitMs: wait });
  await terminal.print(
    options.json ? JSON.stringify(view, null, 2) : transactionLines(terminal, view).join('\n'),
  );
  if (!isTerminal(view.state)) terminal.note(`Not at its end after this time; sluice why ${id} tells more.`);
  context.exitWith(view.state === 'done' ? 0 : 1);
}

async function submitFile(
  client: ApiClient,
  options: Options & { readonly bulk: string },
  context: CommandContext,
): Promise<void> {
  const fromStdin = options.bulk === '-';
  const complete = await submitBulk({
    client,
    terminal: context.terminal,
    batchId: options.batchId ?? randomUUID(),
    repeatable: !fromStdin,
    open: () => (fromStdin ? process.stdin : createReadStream(options.bulk)),
    json: options.json,
  });
  context.exitWith(complete ? 0 : 1);
}

/** The payload goes out as it came in: reading and writing it again could change its numbers. */
function bodyOf({ type = 'payment', payload, file, key, deadline }: Options): string {
  const rest = JSON.stringify({ type, key, deadline });
  return `${rest.slice(0, -1)},"payload":${payload ?? file}}`;
}

function idOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('id' in body)) return undefined;
  return typeof body.id === 'string' && isUuid(body.id) ? body.id : undefined;
}

/** Text that is JSON; it stays text. */
function json(complaint: string) {
  return z.string().refine(isJson, { error: complaint });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkReadable(path: string, context: z.RefinementCtx): string {
  try {
    if (path !== '-') accessSync(path, constants.R_OK);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `cannot be read: ${messageOf(error)}` });
  }
  return path;
}

function readJsonFile(path: string, context: z.RefinementCtx): string {
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    if (!isJson(text)) context.addIssue({ code: 'custom', message: 'does not hold JSON' });
    return text;
  } catch (error) {
    context.addIssue({ code: 'custom', message: `cannot be read: ${messageOf(error)}` });
    return z.NEVER;
  }
}
