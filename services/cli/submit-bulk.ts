import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { messageOf } from '../error-message.ts';
import { CliError } from './errors.ts';
import { linesOf } from './lines.ts';
import type { Terminal } from './output/terminal.ts';
import { counted, grouped, shown, wrap } from './output/text.ts';
import { problemLines } from './problem.ts';

export interface BulkOptions {
  readonly client: ApiClient;
  readonly terminal: Terminal;
  readonly batchId: string;
  /** Opens the input; a second time too, when the first stream was cut short. */
  readonly open: () => Readable;
  /** The input can be opened again. */
  readonly repeatable: boolean;
  /** Print every answer as it comes instead of a summary. */
  readonly json: boolean;
  /** Ms before the stream is opened again. Default 1,000. */
  readonly retryWaitMs?: number;
}

const lineSchema = z.union([
  z.object({ line: z.int(), id: z.string() }),
  z.object({ line: z.int(), error: z.object({ detail: z.string() }) }),
  z.object({
    summary: z.object({
      lines: z.int(),
      accepted: z.int(),
      replayed: z.int(),
      rejected: z.int(),
      complete: z.boolean(),
    }),
  }),
]);
type Summary = Extract<z.infer<typeof lineSchema>, { summary: unknown }>['summary'];

const REFUSALS_SHOWN = 20;
/** Streams in a row that may end without a single answer before this gives up. */
const FRUITLESS_MAX = 5;
const PROGRESS_EVERY = 1_000;

/**
 * Streams lines to the API and its answers back. A stream that breaks is opened again under the same batch id,
 * so that what was stored is found and not doubled. Returns whether every line is stored.
 */
export async function submitBulk(options: BulkOptions): Promise<boolean> {
  const bulk = new Bulk(options);
  let fruitless = 0;
  for (;;) {
    const before = bulk.answered;
    const failure = await bulk.attempt();
    if (failure === undefined) break;
    fruitless = bulk.answered > before ? 0 : fruitless + 1;
    if (!options.repeatable || bulk.answered === 0 || fruitless >= FRUITLESS_MAX) throw bulk.giveUp(failure);
    options.terminal.note(
      `The stream broke after line ${grouped(bulk.answered)} (${failure}); sending it again.`,
    );
    await sleep(options.retryWaitMs ?? 1_000);
  }
  await bulk.finish();
  return bulk.summary!.rejected === 0;
}

class Bulk {
  /** Number of the last line that was answered. */
  answered = 0;
  summary: Summary | undefined;
  private readonly options: BulkOptions;
  private refusals = 0;

  constructor(options: BulkOptions) {
    this.options = options;
  }

  /** Why the stream did not get to its end; undefined when it did. */
  async attempt(): Promise<string | undefined> {
    const { client, batchId, open } = this.options;
    const input = open();
    try {
      const response = await client.stream('/v1/transactions/bulk', {
        headers: { 'batch-id': batchId },
        body: input,
      });
      if (response.statusCode === 503) {
        await response.body.dump();
        return 'the API has too much work at the moment';
      }
      if (response.statusCode !== 200) throw await this.refused(response.statusCode, response.body);
      for await (const line of linesOf(response.body)) await this.take(line);
    } catch (error) {
      if (this.answered === 0 || (error instanceof CliError && error.exitCode === 1)) throw error;
      return messageOf(error);
    } finally {
      input.destroy();
    }
    if (!this.summary) return 'it ended without a summary';
    return this.summary.complete ? undefined : 'the API has cut it short';
  }

  async finish(): Promise<void> {
    const { terminal, json, batchId } = this.options;
    const { lines, accepted, replayed, rejected } = this.summary!;
    if (json) return terminal.print(JSON.stringify({ summary: this.summary }));
    terminal.progress('');
    if (this.refusals > REFUSALS_SHOWN)
      terminal.note(`and ${grouped(this.refusals - REFUSALS_SHOWN)} more lines were refused`);
    const before = replayed > 0 ? `, ${grouped(replayed)} of them before` : '';
    await terminal.print(
      `${counted(lines, 'line')}: ${grouped(accepted + replayed)} stored${before}, ` +
        `${grouped(rejected)} refused. Batch ${shown(batchId)}.`,
    );
  }

  giveUp(failure: string): CliError {
    return new CliError(
      2,
      `The stream broke after line ${grouped(this.answered)}: ${failure}. Lines that were answered are stored; ` +
        `send the same input again with --batch-id ${this.options.batchId}.`,
    );
  }

  private async take(text: string): Promise<void> {
    if (text === '') return;
    const line = this.parse(text);
    if ('summary' in line) {
      this.summary = line.summary;
      return;
    }
    // Said before, on a stream that broke.
    if (line.line <= this.answered) return;
    this.answered = line.line;
    const { terminal, json } = this.options;
    if (json) await terminal.print(text);
    else if ('error' in line) this.showRefusal(line.line, line.error.detail);
    if (!json && this.answered % PROGRESS_EVERY === 0) terminal.progress(`${grouped(this.answered)} lines`);
  }

  private showRefusal(line: number, detail: string): void {
    if (++this.refusals > REFUSALS_SHOWN) return;
    const { terminal } = this.options;
    for (const part of wrap(shown(`line ${line}: ${detail}`), terminal.columns, { hang: '  ' }))
      terminal.note(part);
  }

  private parse(text: string): z.infer<typeof lineSchema> {
    try {
      return lineSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new CliError(
        1,
        `The API answered with a line that is none of its own: ${shown(text.slice(0, 80))}`,
        {
          cause: error,
        },
      );
    }
  }

  private async refused(status: number, body: { text(): Promise<string> }): Promise<CliError> {
    const text = await body.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Told by its status.
    }
    return new CliError(1, problemLines(this.options.terminal, status, parsed).join('\n'));
  }
}
