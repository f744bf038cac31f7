import { z } from 'zod';
import { isTerminal, STATES } from '../domain/state-machine.ts';
import type { ApiClient } from './api-client.ts';
import { CliError } from './errors.ts';
import { problemLines } from './problem.ts';
import type { Terminal } from './output/terminal.ts';
import { shown, wrap } from './output/text.ts';

/** What the commands read of GET /v1/transactions/:id. */
const viewSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  key: z.string(),
  state: z.enum(STATES),
  version: z.int(),
  attempts: z.int(),
  deadline: z.string().optional(),
  nextAttemptAt: z.string().optional(),
  times: z.record(z.string(), z.string()),
  result: z.unknown().optional(),
  reasons: z
    .array(z.object({ code: z.string(), message: z.string(), field: z.string().optional() }))
    .optional(),
});
export type TransactionBody = z.infer<typeof viewSchema>;

export interface FetchOptions {
  readonly client: ApiClient;
  readonly terminal: Terminal;
  readonly id: string;
  /** Wait at most this long for its end. */
  readonly waitMs: number;
}

const POLL_MAX_MS = 55_000;
const BUSY_WAIT_MS = 1_000;

/**
 * The transaction, as soon as it has ended, after `waitMs` in any case.
 * @throws CliError (exit code 1) when the API does not know it
 */
export async function fetchTransaction(options: FetchOptions): Promise<TransactionBody> {
  const until = performance.now() + options.waitMs;
  let found = await fetchOnce(options, 0, undefined);
  while (!isTerminal(found.view.state)) {
    const leftMs = Math.ceil(until - performance.now());
    if (leftMs <= 0) break;
    found = (await fetchAgain(options, Math.min(POLL_MAX_MS, leftMs), found.etag)) ?? found;
  }
  return found.view;
}

interface Found {
  readonly view: TransactionBody;
  readonly etag: string | undefined;
}

async function fetchOnce(options: FetchOptions, waitMs: number, etag: string | undefined): Promise<Found> {
  const found = await fetchAgain(options, waitMs, etag);
  if (!found) throw new CliError(2, 'The API has too much work at the moment; try again.');
  return found;
}

/** Undefined: unchanged, or too busy to say. */
async function fetchAgain(
  { client, terminal, id }: FetchOptions,
  waitMs: number,
  etag: string | undefined,
): Promise<Found | undefined> {
  const answer = await client.call({
    path: `/v1/transactions/${encodeURIComponent(id)}${waitMs > 0 ? `?wait=${waitMs}ms` : ''}`,
    headers: etag === undefined ? {} : { 'if-none-match': etag },
    timeoutMs: waitMs + 15_000,
  });
  if (answer.status === 304) return undefined;
  if (answer.status === 503) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, BUSY_WAIT_MS)));
    return undefined;
  }
  if (answer.status !== 200)
    throw new CliError(1, problemLines(terminal, answer.status, answer.body).join('\n'));
  const parsed = viewSchema.safeParse(answer.body);
  if (!parsed.success)
    throw new CliError(2, `What answers at ${client.url} (SLUICE_API_URL) is not Sluice's API.`);
  return { view: parsed.data, etag: answer.etag };
}

/** A transaction for people. */
export function transactionLines(terminal: Terminal, view: TransactionBody): string[] {
  const { id, type, key, state, version, attempts, deadline, nextAttemptAt, times, reasons = [] } = view;
  const style = state === 'done' ? 'green' : isTerminal(state) ? 'yellow' : 'cyan';
  const fields: [name: string, value: string | undefined][] = [
    ['state', `${terminal.style(style, state)}, version ${version}`],
    ['type', shown(type)],
    ['key', key === id ? undefined : shown(key)],
    ['deadline', deadline],
    ['attempts', attempts === 0 ? undefined : String(attempts)],
    ['next attempt', nextAttemptAt],
    ['result', view.result === undefined ? undefined : shown(JSON.stringify(view.result))],
    ...Object.entries(times).map(([name, time]): [string, string] => [`was ${name}`, time]),
  ];
  return [
    terminal.style('bold', id),
    ...fields.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(16)}${value}`])),
    ...reasons.flatMap(({ code, message, field }) => {
      const place = field === undefined ? '' : ` (${field})`;
      return wrap(shown(`${code}${place}: ${message}`), terminal.columns, {
        indent: '  because ',
        hang: '    ',
      });
    }),
  ];
}
