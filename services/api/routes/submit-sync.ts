import type { Context, Middleware } from 'koa';
import type { AcceptStore, QueryStore, StageStore, Submission, TransactionView } from '../../store/port.ts';
import { isTerminal } from '../../domain/state-machine.ts';
import type { RemoteClient } from '../../runtime/remote-client.ts';
import type { RefusalReason } from '../admission.ts';
import type { InFlightKeys } from '../idempotency.ts';
import { idempotencyConflict, inFlight } from '../idempotency.ts';
import type { ApiMetrics } from '../metrics.ts';
import type { Problem, ProblemCode } from '../problems.ts';
import { ProblemError, retryAfter } from '../problems.ts';
import { problemOf } from '../send-problem.ts';
import type { Draft, SubmissionParser } from '../submission.ts';
import { toSubmission } from '../submission.ts';
import type { Refusal, SyncOutcome } from '../sync-twin.ts';
import type { SyncGate } from '../sync-gate.ts';
import { GateWaitError } from '../sync-gate.ts';
import { runSync } from '../sync-twin.ts';
import { traceparentFor } from '../traceparent.ts';
import { outcomeOf, transactionPath } from '../transaction-view.ts';
import { readSingle } from './submit.ts';

export interface SubmitSyncOptions {
  readonly store: AcceptStore & Pick<QueryStore, 'find'> & Pick<StageStore, 'applyChain' | 'query'>;
  readonly remote: Pick<RemoteClient, 'call'>;
  readonly gate: Pick<SyncGate, 'begin' | 'finish'>;
  readonly parser: SubmissionParser;
  readonly inFlight: InFlightKeys;
  readonly metrics: Pick<ApiMetrics, 'refused' | 'submitted'>;
  readonly isTransient: (error: unknown) => boolean;
  /** Requests worked on at the same time, at the most. */
  readonly callsMax: number;
}

/** POST /v1/sync/transactions: the whole use case before the answer. */
export function submitSync(options: SubmitSyncOptions): Middleware {
  let calls = 0;

  return async function submitSync(ctx) {
    const { draft, idempotencyKey: key } = await readSingle(ctx.req, options.parser);
    if (calls >= options.callsMax) {
      throw overloaded(
        'sync-calls',
        `${calls} synchronous requests are being worked on already; nothing was stored.`,
        options,
      );
    }
    const submission = toSubmission(draft, {
      traceparent: traceparentFor(ctx),
      idempotencyKey: key,
    });
    calls++;
    try {
      await options.inFlight.guard(key, () => work(ctx, { submission, draft }, options));
    } finally {
      calls--;
    }
  };
}

async function work(
  ctx: Context,
  { submission, draft }: { submission: Submission; draft: Draft },
  options: SubmitSyncOptions,
): Promise<void> {
  const key = submission.idempotency?.key ?? '';
  const outcome = await runSync(submission, draft, options).catch((error: unknown) =>
    recover(submission.id, error, options),
  );
  if ('view' in outcome) return answerView(ctx, outcome.view);
  const known = outcome.kind === 'replayed' || outcome.kind === 'conflict';
  options.metrics.submitted(submission.type, known ? outcome.kind : 'accepted');
  if (outcome.kind === 'conflict') throw idempotencyConflict(key);
  if (outcome.kind !== 'replayed') return answer(ctx, submission.id, outcome);
  ctx.set('Idempotent-Replayed', 'true');
  const view = await options.store.find(outcome.id);
  if (!view || !isTerminal(view.state)) throw inFlight(key);
  answerView(ctx, view);
}

/** The database failed half-way, or the pipeline has taken over: what is stored decides. */
async function recover(
  id: string,
  error: unknown,
  options: SubmitSyncOptions,
): Promise<{ readonly view: TransactionView }> {
  if (error instanceof GateWaitError)
    throw overloaded(
      'queue-slow',
      `The database had no time for it within ${error.waitedMs} ms; nothing was stored.`,
      options,
    );
  const { store, isTransient } = options;
  const view = await store.find(id).catch(() => undefined);
  if (!view) throw error;
  if (isTerminal(view.state)) return { view };
  const problem = problemOf(error, isTransient);
  throw new ProblemError({ ...problem, ...placeOf(id, { id, state: view.state }) }, { cause: error });
}

function answer(ctx: Context, id: string, outcome: Exclude<SyncOutcome, { readonly id: string }>): void {
  if (outcome.kind !== 'done') throw new ProblemError(refusal(id, outcome.kind, outcome.reasons));
  ctx.set('Location', transactionPath(id));
  ctx.body = { id, state: 'done', result: outcome.result };
}

/** The answer to a transaction that had ended before this request came. */
function answerView(ctx: Context, view: TransactionView): void {
  const { result, reasons = [] } = outcomeOf(view);
  if (view.state === 'done') return answer(ctx, view.id, { kind: 'done', result });
  const code: ProblemCode = view.state === 'rejected' ? 'rejected' : 'ended';
  const detail = `Transaction ${view.id} has ended as ${view.state}.`;
  throw new ProblemError({ code, detail, ...placeOf(view.id, { id: view.id, state: view.state, reasons }) });
}

const REFUSALS: Readonly<Record<Refusal, Pick<Problem, 'code' | 'detail'> & { readonly state: string }>> = {
  rejected: { code: 'rejected', state: 'rejected', detail: 'It was stored as rejected; reasons say why.' },
  declined: { code: 'declined', state: 'failed', detail: 'It was stored as failed; reasons say why.' },
  unavailable: {
    code: 'remote-unavailable',
    state: 'failed',
    detail:
      'No call reached it, so there is no effect. The transaction was stored as failed; submit a new one.',
  },
  unclear: {
    code: 'remote-unclear',
    state: 'compensating',
    detail: 'There may be an effect: it is being undone. Ask for the transaction to see how that ends.',
  },
};

function refusal(id: string, kind: Refusal, reasons: readonly { message: string }[]): Problem {
  const { code, detail, state } = REFUSALS[kind];
  return { code, detail, ...placeOf(id, { id, state, reasons }) };
}

function placeOf(
  id: string,
  members: Readonly<Record<string, unknown>>,
): Pick<Problem, 'members' | 'headers'> {
  return { members, headers: { Location: transactionPath(id) } };
}

function overloaded(
  reason: RefusalReason,
  detail: string,
  { metrics }: Pick<SubmitSyncOptions, 'metrics'>,
): ProblemError {
  metrics.refused(reason);
  return new ProblemError({ code: 'overloaded', detail, members: { reason }, headers: retryAfter() });
}
