import type { IncomingMessage } from 'node:http';
import { randomUUIDv7 } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Middleware } from 'koa';
import type { AcceptStore, QueryStore } from '../../store/port.ts';
import type { RefusalReason } from '../admission.ts';
import type { BulkBatch } from '../bulk-batch.ts';
import { createBulkBatch } from '../bulk-batch.ts';
import { bulkStream } from '../bulk-stream.ts';
import { tokenHeader } from '../idempotency.ts';
import { readLines } from '../line-reader.ts';
import type { ApiMetrics } from '../metrics.ts';
import type { Mistake } from '../problems.ts';
import { ProblemError, invalidRequest, retryAfter } from '../problems.ts';
import { requireMediaType } from '../read-body.ts';
import { problemOf } from '../send-problem.ts';
import { stoppable } from '../stoppable.ts';
import type { SubmissionParser } from '../submission.ts';
import { lineTraces } from '../traceparent.ts';
import type { Turns } from '../turns.ts';

export interface BulkOptions {
  readonly store: Pick<AcceptStore, 'accept' | 'openBatch'> & Pick<QueryStore, 'versions'>;
  readonly parser: SubmissionParser;
  readonly turns: Turns;
  readonly metrics: Pick<ApiMetrics, 'bulkLine' | 'refused'>;
  readonly streamsMax: number;
  readonly isTransient: (error: unknown) => boolean;
  readonly onError: (error: unknown) => void;
  /** Aborted when the server stops: streams then end early, and say so. */
  readonly stop: AbortSignal;
}

const MEDIA_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'] as const;
const LINE_MAX_BYTES = 64 * 1024;
const BATCH_ID_MAX = 128;
/** A stream on which nothing moves in either direction for this long is closed. */
const IDLE_TIMEOUT_MS = 60_000;

/** POST /v1/transactions/bulk: lines in, lines out, for as long as there are any. */
export function bulk(options: BulkOptions): Middleware {
  let streams = 0;

  return async function bulk(ctx) {
    requireMediaType(ctx.req, MEDIA_TYPES);
    const batchId = readBatchId(ctx.req);
    if (streams >= options.streamsMax) {
      options.metrics.refused('bulk-streams');
      throw tooManyStreams(streams);
    }
    streams++;
    ctx.res.once('close', () => streams--);
    const createdMs = await options.store.openBatch(batchId);
    const batch = createBulkBatch({
      ...options,
      batchId,
      createdMs,
      traceparent: lineTraces(),
      lineMaxBytes: LINE_MAX_BYTES,
    });
    // Without a listener the time-out destroys the connection.
    ctx.req.setTimeout(IDLE_TIMEOUT_MS);
    ctx.set('Batch-Id', batchId);
    ctx.set('Cache-Control', 'no-store');
    ctx.type = MEDIA_TYPES[0];
    ctx.body = Readable.from(answer(ctx.req, batch, options), { objectMode: false });
    ctx.flushHeaders();
  };
}

async function* answer(
  request: IncomingMessage,
  batch: BulkBatch,
  options: BulkOptions,
): AsyncGenerator<string> {
  const chunks: AsyncIterable<Buffer> = request;
  // A stop leaves the request as it is: its connection still carries the answer.
  const input = stoppable(readLines(chunks, LINE_MAX_BYTES), options.stop);
  yield* bulkStream({
    ...options,
    lines: input,
    cutShort: () => input.stopped,
    batch,
    problemOf: (error) => problemOf(error, options.isTransient),
    onResult: (outcome) => options.metrics.bulkLine(outcome),
  });
  if (!request.complete) closeSoon(request);
}

/** What was left unread has nobody to read it; a moment later the sender has seen the last line. */
function closeSoon(request: IncomingMessage): void {
  request.resume();
  setTimeout(() => request.socket.destroy(), 1_000).unref();
}

function readBatchId(request: IncomingMessage): string {
  const batchId = tokenHeader(request, 'Batch-Id', BATCH_ID_MAX);
  const mistakes: Mistake[] = batchId.mistake ? [batchId.mistake] : [];
  if (request.headers['idempotency-key'] !== undefined)
    mistakes.push({
      header: 'Idempotency-Key',
      message: 'is not used here; Batch-Id makes a batch repeatable',
    });
  if (mistakes.length > 0) throw new ProblemError(invalidRequest(mistakes));
  return batchId.value ?? randomUUIDv7();
}

function tooManyStreams(streams: number): ProblemError {
  return new ProblemError({
    code: 'overloaded',
    detail: `${streams} bulk streams are open already; nothing was stored, come back later.`,
    members: { reason: 'bulk-streams' satisfies RefusalReason },
    headers: retryAfter(),
  });
}
