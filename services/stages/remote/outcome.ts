import type { EventData, Reason } from '../../domain/events.ts';
import type { Cause } from '../../domain/state-machine.ts';
import type { RemoteOutcome } from '../../runtime/remote-client.ts';
import type { StepResult } from '../../runtime/step.ts';
import { ok } from '../../runtime/step.ts';
import type { Progress } from '../../store/port.ts';
import type { TransactionType } from '../../transactions/type.ts';
import type { Patience, RefusalPolicy } from './refusal.ts';
import { countedCalls, refusalWaitMs } from './refusal.ts';

export interface RetryPolicy extends RefusalPolicy {
  /** Calls in all before a transaction fails; those that a full remote refuses are left out (`countedCalls`). */
  readonly maxAttempts: number;
}

type Work = EventData['new'];
type Before = Pick<Progress, 'attempts' | 'ambiguous'>;

/** What is known beside the outcome of a call. */
export interface CallContext extends Patience {
  readonly type: TransactionType;
  readonly policy: RetryPolicy;
}

/**
 * Ms until the next attempt: doubles from `backoffMs` to `backoffMaxMs`, of which between half and all is
 * waited ("equal jitter", AWS Architecture Blog, Exponential Backoff And Jitter, 2015).
 */
export function backoffMs(attempt: number, policy: RetryPolicy): number {
  const full = Math.min(policy.backoffMaxMs, policy.backoffMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (0.5 + policy.random() / 2));
}

/** What a forward call that ended in `outcome` means for its transaction. */
export function afterCall(
  work: Work,
  before: Before,
  outcome: RemoteOutcome,
  context: CallContext,
): StepResult {
  const { type, policy } = context;
  const attempt = before.attempts + countedCalls(outcome, context);
  if (outcome.kind === 'answered') {
    const answer = type.fromRemote(outcome.statusCode, outcome.body);
    if (answer.kind === 'declined') return verdict(work, 'failed', answer.reasons, attempt);
    const { id, key, type: name, order } = work;
    const data: EventData['remote-responded'] = { id, key, type: name, order, response: answer.response };
    return ok({ event: 'remote-responded', data: JSON.stringify(data), attempt });
  }
  const ambiguous = before.ambiguous || outcome.kind === 'unknown';
  if (attempt < policy.maxAttempts || attempt === before.attempts) {
    const delayMs = waitMs(outcome, attempt, context);
    return retryLater(work, outcome.message, { attempt, ambiguous, delayMs });
  }
  const reason = {
    code: 'remote-unavailable',
    message: `${outcome.message} Gave up after ${attempt} calls.`,
  };
  return giveUp(work, 'failed', [reason], { attempt, ambiguous });
}

/** What a reversal that ended in `outcome` means. It is tried for ever: money may hang on it. */
export function afterReversal(
  request: EventData['compensation-requested'],
  before: Before,
  outcome: RemoteOutcome,
  context: CallContext,
): StepResult {
  const { type, policy } = context;
  const { ambiguous } = before;
  const attempt = before.attempts + countedCalls(outcome, context);
  if (outcome.kind !== 'answered') {
    const delayMs = waitMs(outcome, attempt, context);
    return retryLater(request, outcome.message, { attempt, ambiguous, delayMs });
  }
  const undone = type.reversed(outcome.statusCode, outcome.body);
  if (undone === undefined) {
    const message = `The remote answered a reversal by ${outcome.statusCode}, which says nothing of the effect.`;
    return retryLater(request, message, { attempt, ambiguous, delayMs: backoffMs(attempt, policy) });
  }
  return verdict(request, undone ? 'compensated' : request.cause, request.reasons, attempt);
}

/** Ends a transaction without success; by way of compensation when a call may have taken effect. */
export function giveUp(
  work: Work,
  cause: Cause,
  reasons: readonly Reason[],
  { attempt, ambiguous }: { attempt: number; ambiguous: boolean },
): StepResult {
  if (!ambiguous && work.order === 'chained') return verdict(work, cause, reasons, attempt);
  if (!ambiguous && cause === 'failed') return verdict(work, cause, reasons, attempt);
  const { id, key, type, order, payload } = work;
  const data: EventData['compensation-requested'] = { id, key, type, order, payload, cause, reasons };
  return ok({ event: 'compensation-requested', data: JSON.stringify(data), attempt, ambiguous });
}

function waitMs(
  outcome: Exclude<RemoteOutcome, { kind: 'answered' }>,
  attempt: number,
  context: CallContext,
): number {
  if (outcome.kind === 'refused' && outcome.notNow)
    return refusalWaitMs(outcome.notNow, context.policy, context);
  return backoffMs(attempt, context.policy);
}

function verdict(
  { id, key, type, order }: Work,
  event: Cause | 'compensated',
  reasons: readonly Reason[],
  attempt: number,
): StepResult {
  const data: EventData['failed'] = { id, key, type, order, reasons };
  return ok({ event, data: JSON.stringify(data), attempt });
}

function retryLater(
  { id, key, type, order }: Work,
  message: string,
  { attempt, ambiguous, delayMs }: { attempt: number; ambiguous: boolean; delayMs: number },
): StepResult {
  const reasons = [{ code: 'remote-unavailable', message }];
  const data: EventData['retry-scheduled'] = { id, key, type, order, reasons };
  return ok({ event: 'retry-scheduled', data: JSON.stringify(data), attempt, delayMs, ambiguous });
}
