import { randomUUIDv7 } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventData } from '../../domain/events.ts';
import type { Cause, EventName, Order, State } from '../../domain/state-machine.ts';
import { CAUSES, ORDERS, next } from '../../domain/state-machine.ts';
import type { RemoteOutcome } from '../../runtime/remote-client.ts';
import type { StepResult } from '../../runtime/step.ts';
import { payment } from '../../transactions/payment/payment.ts';
import { afterCall, afterReversal, backoffMs, giveUp } from './outcome.ts';

const policy = { maxAttempts: 5, backoffMs: 100, backoffMaxMs: 1_000, refusedMaxMs: 60_000, random: () => 0 };
const patience = { waitedMs: 50, leftMs: 59_950 };
const id = randomUUIDv7();

function work(order: Order): EventData['new'] {
  return { id, key: 'K', type: 'payment', order, payload: { amount: 1 } };
}
const context = (order: Order) => ({ type: payment('payment', order), policy, ...patience });

interface Found {
  readonly event: EventName;
  readonly ambiguous: boolean;
  readonly data: Record<string, unknown>;
  readonly attempt: number;
  readonly delayMs: number | undefined;
}

function read(result: StepResult): Found {
  if (result.kind !== 'ok') throw new Error(`is ${result.kind}`);
  const { event, ambiguous = false, data, attempt, delayMs } = result.emit;
  return { event, ambiguous, attempt, delayMs, data: JSON.parse(data) as Record<string, unknown> };
}

const OUTCOMES = {
  ok: { kind: 'answered', statusCode: 200, body: { reference: 'R' }, calls: 1 },
  declined: { kind: 'answered', statusCode: 422, body: { detail: 'no' }, calls: 1 },
  refused: { kind: 'refused', message: 'not there.', calls: 1 },
  full: { kind: 'refused', message: 'not now.', calls: 2, notNow: { calls: 2, retryAfterMs: 700 } },
  unknown: { kind: 'unknown', message: 'no answer.', calls: 1 },
} as const satisfies Record<string, RemoteOutcome>;

type Row = readonly [
  outcome: keyof typeof OUTCOMES,
  before: { attempts: number; ambiguous: boolean },
  event: EventName,
  ambiguous: boolean,
];
const fresh = { attempts: 0, ambiguous: false };
const unsure = { attempts: 0, ambiguous: true };
const last = { attempts: 4, ambiguous: false };
const lastUnsure = { attempts: 4, ambiguous: true };

/** What a call means: the same in both orders. */
const CALLS: readonly Row[] = [
  ['ok', fresh, 'remote-responded', false],
  ['ok', unsure, 'remote-responded', false],
  ['ok', lastUnsure, 'remote-responded', false],
  ['declined', fresh, 'failed', false],
  ['declined', last, 'failed', false],
  ['refused', fresh, 'retry-scheduled', false],
  ['refused', unsure, 'retry-scheduled', true],
  ['refused', last, 'failed', false],
  ['refused', lastUnsure, 'compensation-requested', true],
  ['full', fresh, 'retry-scheduled', false],
  ['full', unsure, 'retry-scheduled', true],
  ['full', last, 'retry-scheduled', false],
  ['full', lastUnsure, 'retry-scheduled', true],
  ['unknown', fresh, 'retry-scheduled', true],
  ['unknown', unsure, 'retry-scheduled', true],
  ['unknown', last, 'compensation-requested', true],
  ['unknown', lastUnsure, 'compensation-requested', true],
];

describe.each(ORDERS)('%s', (order) => {
  test.each(CALLS)('a call that is %s, before it %j: %s', (name, before, event, ambiguous) => {
    const found = read(afterCall(work(order), before, OUTCOMES[name], context(order)));
    expect(found).toMatchObject({ event, ambiguous, attempt: before.attempts + (name === 'full' ? 0 : 1) });
    expect(found.data).toMatchObject({ id, key: 'K', type: 'payment', order });
    expect(found.delayMs !== undefined).toBe(event === 'retry-scheduled');
    // The machine has an edge for it from every state in which a call is made.
    const states: State[] = order === 'chained' ? ['validated'] : ['accepted', 'validated'];
    for (const state of states) expect(next(order, state, event)).toBeDefined();
  });

  test('a full remote is left alone for as long as it asks; in the end its refusals count', () => {
    const later = read(afterCall(work(order), fresh, OUTCOMES.full, context(order)));
    expect(later.delayMs).toBe(700);
    const impatient = { ...context(order), leftMs: 0 };
    expect(read(afterCall(work(order), fresh, OUTCOMES.full, impatient))).toMatchObject({
      event: 'retry-scheduled',
      attempt: 2,
    });
    expect(read(afterCall(work(order), last, OUTCOMES.full, impatient))).toMatchObject({
      event: 'failed',
      attempt: 6,
    });
  });

  test.each(CAUSES)('giving up because it is %s', (cause) => {
    const sure = read(giveUp(work(order), cause, [], { attempt: 3, ambiguous: false }));
    // In fan-out a call may be under way elsewhere; only a remote that was never reached has none.
    const undo = order === 'fanOut' && cause !== 'failed';
    expect(sure.event).toBe(undo ? 'compensation-requested' : cause);
    const doubtful = read(giveUp(work(order), cause, [], { attempt: 3, ambiguous: true }));
    expect(doubtful).toMatchObject({
      event: 'compensation-requested',
      ambiguous: true,
      data: { cause, payload: { amount: 1 } },
    });
  });

  const requested = (cause: Cause): EventData['compensation-requested'] => ({
    ...work(order),
    cause,
    reasons: [{ code: 'c', message: 'm' }],
  });

  test.each(CAUSES)('a reversal after %s ends it, and only an answer does', (cause) => {
    const reverse = (outcome: RemoteOutcome, attempts = 0): Found =>
      read(afterReversal(requested(cause), { attempts, ambiguous: true }, outcome, context(order)));
    const answer = (reversed: boolean): RemoteOutcome => ({
      kind: 'answered',
      statusCode: 200,
      body: { reversed },
      calls: 1,
    });
    expect(reverse(answer(true)).event).toBe('compensated');
    expect(reverse(answer(false)).event).toBe(cause);
    expect(reverse(answer(true)).data).toMatchObject({ reasons: [{ code: 'c' }] });
    for (const name of ['refused', 'full', 'unknown'] as const)
      for (const attempts of [0, 4, 5_000])
        expect(reverse(OUTCOMES[name], attempts)).toMatchObject({
          event: 'retry-scheduled',
          ambiguous: true,
        });
    for (const event of ['compensated', cause, 'retry-scheduled'] as const)
      expect(next(order, 'compensating', event)).toBeDefined();
  });
});

test('the wait doubles from the first to the longest, and of it between half and all is waited', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, firstMs, longestMs, random) => {
        const ms = backoffMs(attempt, {
          ...policy,
          backoffMs: firstMs,
          backoffMaxMs: longestMs,
          random: () => random,
        });
        const full = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(Math.floor(full / 2));
        expect(ms).toBeLessThanOrEqual(Math.ceil(full));
      },
    ),
  );
});
