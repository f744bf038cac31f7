import { request } from 'undici';
import { z } from 'zod';
import { isUuid } from '../../domain/ids.ts';
import type { Effect } from '../../store/pg/audit.ts';
import { linesOf } from '../lines.ts';

/** One line of GET /ledger. Fields beyond these are the remote's own. */
const lineSchema = z.object({
  key: z.string(),
  effects: z.int().nonnegative(),
  reversals: z.int().nonnegative(),
  seq: z.int().nonnegative(),
});

export interface LedgerBatch {
  readonly entries: readonly Effect[];
  /** Keys with an effect that cannot be ids of transactions. */
  readonly foreign: readonly string[];
}

/** The remote's books cannot be read. */
export class LedgerError extends Error {
  readonly code = 'ledger';
}

const BATCH = 5_000;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Reads the remote system's ledger, NDJSON in any order, in batches.
 * @throws LedgerError when it does not answer, or with something that is no ledger
 */
export async function* readLedger(remoteUrl: string): AsyncGenerator<LedgerBatch> {
  const url = `${remoteUrl.replace(/\/$/, '')}/ledger`;
  let entries: Effect[] = [];
  let foreign: string[] = [];
  for await (const line of lines(url)) {
    const { key, effects, reversals, seq } = parseLine(line, url);
    if (isUuid(key)) entries.push({ id: key, effects, reversals, seq });
    else if (effects > 0) foreign.push(key);
    if (entries.length + foreign.length < BATCH) continue;
    yield { entries, foreign };
    entries = [];
    foreign = [];
  }
  yield { entries, foreign };
}

async function* lines(url: string): AsyncGenerator<string> {
  try {
    const { statusCode, body } = await request(url, { headersTimeout: CONNECT_TIMEOUT_MS });
    if (statusCode !== 200) {
      await body.dump();
      throw new LedgerError(`GET ${url} answered ${statusCode}`);
    }
    for await (const line of linesOf(body)) if (line !== '') yield line;
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new LedgerError(`GET ${url} failed: ${message}`, { cause: error });
  }
}

function parseLine(text: string, url: string): z.infer<typeof lineSchema> {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new LedgerError(`GET ${url} is not a ledger, by this line: ${JSON.stringify(text.slice(0, 80))}`, {
      cause: error,
    });
  }
}
