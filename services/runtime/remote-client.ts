import { Pool } from 'undici';
import type { RemoteRequest } from '../transactions/type.ts';
import { startCall } from '../../otel/tracing.ts';
import type { HeaderValue } from './retry-after.ts';
import { parseRetryAfter } from './retry-after.ts';

/** How a call ended, after the quick attempts: `calls` is how many were made. */
export type RemoteOutcome =
  | { readonly kind: 'answered'; readonly statusCode: number; readonly body: unknown; readonly calls: number }
  /** Certainly without effect: never reached the remote, or refused by it for now. */
  | {
      readonly kind: 'refused';
      readonly message: string;
      readonly calls: number;
      /** Absent where the remote has not said so itself. */
      readonly notNow?: NotNow;
    }
  /** May have had its effect. */
  | { readonly kind: 'unknown'; readonly message: string; readonly calls: number };

/** The remote is there, and takes no more for now. */
export interface NotNow {
  /** How many of the calls it answered so. */
  readonly calls: number;
  /** Ms from now that it asks to be left alone (Retry-After), where it says so. */
  readonly retryAfterMs: number | undefined;
}

export interface RemoteClient {
  /** Calls the remote with `id` as the idempotency key; never rejects for what the remote or network does. */
  call(id: string, request: RemoteRequest, traceparent: string): Promise<RemoteOutcome>;
  close(): Promise<void>;
}

export interface RemoteClientOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly quickAttempts: number;
  /** Called once per attempt. */
  readonly onCall: (outcome: 'ok' | 'declined' | 'refused' | 'unknown', seconds: number) => void;
}

/** Statuses by which a server says "not now, and nothing was done" (RFC 9110 15.6.4, RFC 6585 4, RFC 8470). */
const NOT_NOW = new Set([425, 429, 503]);
/** Network errors that come before a request is on its way. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const QUICK_WAIT_MS = 50;

type Attempt =
  | { readonly kind: 'answered'; readonly statusCode: number; readonly body: unknown }
  | { readonly kind: 'refused'; readonly message: string; readonly notNow?: Omit<NotNow, 'calls'> }
  | { readonly kind: 'unknown'; readonly message: string };

type Failure = Exclude<Attempt, { kind: 'answered' }>;

export function createRemoteClient(options: RemoteClientOptions): RemoteClient {
  const url = new URL(options.url);
  const prefix = url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '');
  const pool = new Pool(url.origin, {
    connections: options.concurrency,
    pipelining: 1,
    connectTimeout: options.timeoutMs,
    // The deadline of each attempt is an AbortSignal; undici's own timers are coarser.
    // An answer travels on in an event, which may have 256 KiB.
    maxResponseSize: 131_072,
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  async function attempt(
    id: string,
    request: RemoteRequest,
    trace: { traceparent: string; attempt: number },
  ): Promise<Attempt> {
    const span = startCall({
      method: request.method,
      url: url.origin + prefix + request.path,
      transactionId: id,
      ...trace,
    });
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), options.timeoutMs);
    const startMs = performance.now();
    let result: Attempt;
    try {
      const response = await pool.request({
        method: request.method,
        path: prefix + request.path,
        headers: { 'content-type': 'application/json', 'idempotency-key': id, traceparent: span.traceparent },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: abort.signal,
      });
      const text = await response.body.text();
      result = classify(response.statusCode, text, response.headers['retry-after']);
      span.end(response.statusCode);
    } catch (error) {
      result = failure(error, abort.signal.aborted ? options.timeoutMs : undefined);
      span.end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      clearTimeout(timer);
    }
    options.onCall(labelOf(result), (performance.now() - startMs) / 1_000);
    return result;
  }

  return {
    close: () => pool.close(),
    call: async (id, request, traceparent) => {
      const failures: Failure[] = [];
      for (;;) {
        const result = await attempt(id, request, { traceparent, attempt: failures.length + 1 });
        if (result.kind === 'answered') return { ...result, calls: failures.length + 1 };
        failures.push(result);
        const waitMs = QUICK_WAIT_MS * failures.length * (0.5 + Math.random());
        if (failures.length >= options.quickAttempts || askedMs(result) > waitMs) return sumUp(failures);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    },
  };
}

/** Ms for which the remote asks to be left alone. */
function askedMs(failed: Failure): number {
  return failed.kind === 'refused' ? (failed.notNow?.retryAfterMs ?? 0) : 0;
}

/** What several attempts without an answer amount to. */
function sumUp(failures: readonly Failure[]): RemoteOutcome {
  const { message } = failures.at(-1)!;
  const calls = failures.length;
  if (failures.some(({ kind }) => kind === 'unknown')) return { kind: 'unknown', message, calls };
  const refusals = failures.flatMap((failed) =>
    failed.kind === 'refused' && failed.notNow ? [failed.notNow] : [],
  );
  const last = refusals.at(-1);
  return { kind: 'refused', message, calls, ...(last && { notNow: { ...last, calls: refusals.length } }) };
}

function labelOf(result: Attempt): 'ok' | 'declined' | 'refused' | 'unknown' {
  if (result.kind !== 'answered') return result.kind;
  return result.statusCode < 300 ? 'ok' : 'declined';
}

function classify(statusCode: number, text: string, retryAfter: HeaderValue): Attempt {
  if (NOT_NOW.has(statusCode)) {
    const notNow = { retryAfterMs: parseRetryAfter(retryAfter, Date.now()) };
    return { kind: 'refused', message: `The remote answered ${statusCode}.`, notNow };
  }
  if (statusCode >= 500 || statusCode === 408)
    return { kind: 'unknown', message: `The remote answered ${statusCode}.` };
  const message = `The remote answered ${statusCode} with a body that is not JSON, or holds NUL.`;
  // Postgres cannot store NUL in jsonb.
  if (text.includes('\\u0000')) return { kind: 'unknown', message };
  try {
    return { kind: 'answered', statusCode, body: text === '' ? null : JSON.parse(text) };
  } catch {
    return { kind: 'unknown', message };
  }
}

function failure(error: unknown, timedOutMs: number | undefined): Attempt {
  if (timedOutMs !== undefined)
    return { kind: 'unknown', message: `The remote did not answer within ${timedOutMs} ms.` };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = `The remote could not be called: ${error instanceof Error ? error.message : String(error)}`;
  return { kind: NOT_SENT.has(code) ? 'refused' : 'unknown', message };
}
