import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { UNUSABLE_ACCOUNTS } from '../../services/store/seed.ts';
import { seeded } from '../fixtures/shuffle.ts';
import type { Answer, Entry, SubmissionKind } from './journal.ts';
import { Journal } from './journal.ts';

export interface LoadOptions {
  readonly apiUrl: string;
  readonly ratePerSecond: number;
  /** Taken in turn. */
  readonly types: readonly string[];
  /** Different keys of the keyed quarter of the submissions. Default 20. */
  readonly keys?: number;
  /** A submission that is refused is not sent again. Default: it is. */
  readonly giveUpWhenRefused?: boolean;
  /** Connections at the most. Default 64. */
  readonly connections?: number;
}

const TICK_MS = 10;
/** Longer than any wait of the API's own. */
const ANSWER_TIMEOUT_MS = 60_000;
const REPEAT_AFTER_MS = 500;
/** Accounts in the stack under test. */
export const ACCOUNTS = 100;

/**
 * An open model: submissions leave at their time, whatever has become of those before. Each has an idempotency
 * key and is sent again until it is answered; some are sent again although they were.
 */
export class LoadClient {
  readonly journal: Journal;
  /** Every idempotency key of this client begins with it. */
  readonly prefix = `load-${randomUUID().slice(0, 8)}-`;
  private readonly options: LoadOptions;
  private readonly pool: Pool;
  private readonly random = seeded(1);
  private readonly open = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(options: LoadOptions) {
    this.options = options;
    this.journal = new Journal(options.giveUpWhenRefused ?? false);
    this.pool = new Pool(options.apiUrl, {
      connections: options.connections ?? 64,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
  }

  start(ratePerSecond = this.options.ratePerSecond): void {
    clearInterval(this.timer);
    const startMs = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startMs) * ratePerSecond) / 1_000);
      for (; sent < due; sent++) this.submit();
    }, TICK_MS);
  }

  /** Begins nothing new; resolves when every submission has its answer, or `timeoutMs` have passed. */
  async finish(timeoutMs: number): Promise<void> {
    clearInterval(this.timer);
    await Promise.race([Promise.all(this.open), sleep(timeoutMs, undefined, { ref: false })]);
    this.stopped = true;
    await this.pool.destroy();
  }

  private submit(): void {
    const number = this.journal.entries.length;
    const kind = this.kind();
    const idempotencyKey = `${this.prefix}${number}`;
    const entry = this.journal.add({ idempotencyKey, kind, body: this.body(number, kind) });
    const work = this.untilSettled(entry)
      .then(() => this.maybeRepeat(entry))
      .finally(() => this.open.delete(work));
    this.open.add(work);
  }

  private kind(): SubmissionKind {
    const drawn = this.random();
    if (drawn < 0.02) return 'malformed';
    return drawn < 0.06 ? 'unpayable' : 'good';
  }

  private body(number: number, kind: SubmissionKind): string {
    const { types, keys = 20 } = this.options;
    const keyed = this.random() < 0.25;
    const debtor = kind === 'unpayable' ? UNUSABLE_ACCOUNTS.blocked : account(number);
    const amount = kind === 'malformed' ? -1 : 1 + (number % 1_000);
    return JSON.stringify({
      type: types[number % types.length],
      ...(keyed && { key: `${this.prefix}lane-${Math.floor(this.random() * keys)}` }),
      payload: { debtor, creditor: account(number + 1), amount, currency: 'EUR' },
    });
  }

  private async untilSettled(entry: Entry): Promise<void> {
    while (!this.stopped) {
      entry.attempts++;
      const answer = await this.send(entry).catch(() => undefined);
      const next = answer ? this.journal.answer(entry, answer) : this.journal.noAnswer();
      if (next.kind === 'settled') return;
      await sleep(next.afterMs);
    }
  }

  /** As a client does that does not trust its memory. */
  private async maybeRepeat(entry: Entry): Promise<void> {
    if (entry.id === undefined || this.random() >= 0.03) return;
    await sleep(REPEAT_AFTER_MS);
    await this.untilSettled(entry);
  }

  private async send({ idempotencyKey, body }: Entry): Promise<Answer> {
    const response = await this.pool.request({
      method: 'POST',
      path: '/v1/transactions',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body,
    });
    const { statusCode, headers } = response;
    const retryAfter = headers['retry-after'];
    return {
      status: statusCode,
      contentType: String(headers['content-type']),
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      text: await response.body.text(),
    };
  }
}

function account(number: number): string {
  return `ACC-${String(1 + (number % ACCOUNTS)).padStart(6, '0')}`;
}
