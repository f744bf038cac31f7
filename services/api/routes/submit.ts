import type { Middleware } from 'koa';
import { idempotencyConflict, idempotencyKey } from '../idempotency.ts';
import type { InFlightKeys } from '../idempotency.ts';
import type { Intake } from '../intake.ts';
import { ProblemError, invalidRequest } from '../problems.ts';
import { readBody, requireMediaType } from '../read-body.ts';
import type { Draft, SubmissionParser } from '../submission.ts';
import { overdue, toSubmission } from '../submission.ts';
import { traceparentFor } from '../traceparent.ts';
import { transactionPath } from '../transaction-view.ts';

export interface SubmitOptions {
  readonly intake: Pick<Intake, 'submit'>;
  readonly inFlight: InFlightKeys;
  readonly parser: SubmissionParser;
}

export interface SingleRequest {
  readonly draft: Draft;
  readonly idempotencyKey: string | undefined;
}

/** POST /v1/transactions: 202 once the transaction is committed. */
export function submit({ intake, inFlight, parser }: SubmitOptions): Middleware {
  return async function submit(ctx) {
    const { draft, idempotencyKey: key } = await readSingle(ctx.req, parser);
    const submission = toSubmission(draft, {
      traceparent: traceparentFor(ctx),
      idempotencyKey: key,
    });
    const outcome = await inFlight.guard(key, () => intake.submit(submission));
    if (outcome.kind === 'conflict') throw idempotencyConflict(key ?? '');
    if (outcome.kind === 'replayed') ctx.set('Idempotent-Replayed', 'true');
    ctx.status = 202;
    ctx.set('Location', transactionPath(outcome.id));
    ctx.type = 'application/json';
    ctx.body = `{"id":"${outcome.id}","state":"accepted"}`;
  };
}

/**
 * Reads a request that submits one transaction.
 * @throws ProblemError with everything that is wrong with it
 */
export async function readSingle(
  request: Parameters<typeof readBody>[0],
  parser: SubmissionParser,
): Promise<SingleRequest> {
  requireMediaType(request, ['application/json']);
  const header = idempotencyKey(request);
  const bytes = await readBody(request);
  const parsed = parser.parse(bytes, header.mistake ? [header.mistake] : []);
  if (parsed.problem) throw new ProblemError(parsed.problem);
  const late = overdue(parsed.value, Date.now());
  if (late) throw new ProblemError(invalidRequest([late]));
  return { draft: parsed.value, idempotencyKey: header.value };
}
