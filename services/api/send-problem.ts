import type { Context } from 'koa';
import { QueueFullError } from '../runtime/micro-batcher.ts';
import type { Problem } from './problems.ts';
import { PROBLEMS, PROBLEM_MEDIA_TYPE, ProblemError, problemBody, retryAfter } from './problems.ts';

/** Answers with a problem. */
export function sendProblem(ctx: Context, problem: Problem): void {
  const { status } = PROBLEMS[problem.code];
  ctx.status = status;
  if (problem.headers) ctx.set({ ...problem.headers });
  if (status === 503 && !problem.headers?.['Retry-After']) ctx.set(retryAfter());
  // RFC 9110: the answer to a failed request is not to be kept.
  ctx.set('Cache-Control', 'no-store');
  ctx.type = PROBLEM_MEDIA_TYPE;
  ctx.body = JSON.stringify(problemBody(problem));
}

/** The problem that an error stands for; `internal` for whatever was not foreseen. */
export function problemOf(error: unknown, isTransient: (error: unknown) => boolean): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof QueueFullError)
    return { code: 'overloaded', detail: 'The queue is full; nothing was stored.', headers: retryAfter() };
  if (isTransient(error))
    return {
      code: 'store-unavailable',
      detail:
        'The database did not answer, so what became of the request is not known. Send it again, ' +
        'with the same Idempotency-Key or Batch-Id so that nothing is done twice.',
      headers: retryAfter(),
    };
  return { code: 'internal', detail: 'The request could not be worked on. It may be sent again.' };
}
