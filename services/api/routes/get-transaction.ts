import type { Context, Middleware } from 'koa';
import type { QueryStore, TransactionView } from '../../store/port.ts';
import { isUuid } from '../../domain/ids.ts';
import { isTerminal } from '../../domain/state-machine.ts';
import type { RefusalReason } from '../admission.ts';
import type { ChangeWatcher, WakeReason } from '../change-watcher.ts';
import { ProblemError, retryAfter } from '../problems.ts';
import { readQuery, requireNone } from '../query-string.ts';
import { etagOf, historyBody, transactionBody } from '../transaction-view.ts';

export interface GetTransactionOptions {
  readonly store: Pick<QueryStore, 'find'>;
  readonly watcher: ChangeWatcher;
  readonly metrics: { refused(reason: RefusalReason): void };
}

const WAIT_MAX_MS = 60_000;

/** GET /v1/transactions/:id: the transaction as it stands, at once or (`?wait=`) as soon as it changes. */
export function getTransaction({ store, watcher, metrics }: GetTransactionOptions): Middleware {
  return async function getTransaction(ctx) {
    const waitMs = readWait(ctx);
    let view = await findOr404(ctx, store);
    const known = ctx.get('If-None-Match');
    const unseen = known !== '' && !matches(known, view.version);
    if (waitMs > 0 && !unseen && !isTerminal(view.state)) {
      const reason = await waitForChange(ctx, view, waitMs);
      // Nobody is there any more to read an answer.
      if (reason === 'aborted') {
        ctx.respond = false;
        return;
      }
      view = await findOr404(ctx, store);
    }
    ctx.set('ETag', etagOf(view.version));
    ctx.set('Cache-Control', 'no-cache');
    if (known !== '' && matches(known, view.version)) {
      ctx.status = 304;
      return;
    }
    ctx.body = transactionBody(view);
  };

  async function waitForChange(ctx: Context, view: TransactionView, waitMs: number): Promise<WakeReason> {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    ctx.res.once('close', onClose);
    if (ctx.res.destroyed) gone.abort();
    const waiting = watcher.wait(view.id, view.version, waitMs, gone.signal);
    if (!waiting) {
      metrics.refused('waiters');
      throw tooManyWaiters(watcher.waiters);
    }
    const reason = await waiting;
    ctx.res.off('close', onClose);
    return reason;
  }
}

/** GET /v1/transactions/:id/history: every event. */
export function getHistory({ store }: Pick<GetTransactionOptions, 'store'>): Middleware {
  return async function getHistory(ctx) {
    requireNone(readQuery(ctx, []).mistakes);
    const view = await findOr404(ctx, store);
    ctx.set('ETag', etagOf(view.version));
    ctx.set('Cache-Control', 'no-cache');
    if (matches(ctx.get('If-None-Match'), view.version)) {
      ctx.status = 304;
      return;
    }
    ctx.body = historyBody(view);
  };
}

async function findOr404(ctx: Context, store: Pick<QueryStore, 'find'>): Promise<TransactionView> {
  const id = String((ctx['params'] as Record<string, string | undefined>)['id']);
  if (!isUuid(id))
    throw new ProblemError({
      code: 'id-malformed',
      detail: `"${id.toWellFormed().slice(0, 64)}" is not the id of a transaction: ids are UUIDs in lower case.`,
    });
  const view = await store.find(id);
  if (!view)
    throw new ProblemError({
      code: 'id-unknown',
      detail: `There is no transaction ${id}. An id is known from the moment that its 202 was sent.`,
    });
  return view;
}

const WAIT = /^(\d{1,9})(ms|s)?$/;

/** Ms to wait by `wait=10s`, `500ms` or `10` (seconds); at most a minute counts. */
function readWait(ctx: Context): number {
  const { values, mistakes } = readQuery(ctx, ['wait']);
  const match = WAIT.exec(values.wait ?? '0');
  if (!match)
    mistakes.push({ parameter: 'wait', message: 'must be a time such as 10s, 500ms or 10 (seconds)' });
  requireNone(mistakes);
  const factor = match![2] === 'ms' ? 1 : 1_000;
  return Math.min(WAIT_MAX_MS, Number(match![1]) * factor);
}

/** If-None-Match (RFC 9110 section 13.1.2), compared weakly. */
function matches(header: string, version: number): boolean {
  if (header.trim() === '*') return true;
  const wanted = etagOf(version);
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === wanted);
}

function tooManyWaiters(waiters: number): ProblemError {
  return new ProblemError({
    code: 'overloaded',
    detail: `${waiters} requests wait for a change already; ask without ?wait=, or later.`,
    members: { reason: 'waiters' satisfies RefusalReason },
    headers: retryAfter(),
  });
}
