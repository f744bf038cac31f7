import type { EventName, State } from '../../domain/state-machine.ts';
import type { StoredEvent } from '../../store/port.ts';
import type { TransactionFacts, WhyLetter } from '../../store/pg/why.ts';

/** Seconds after the acceptance. */
export const at = (seconds: number): Date => new Date(Date.UTC(2026, 2, 1, 12, 0, 0) + seconds * 1_000);

export const ID = '01a1fdb2-b10e-7f00-ba39-996d9305752e';
export const OTHER = '01a1fdb2-0000-7000-8000-000000000001';

export function event(
  name: EventName,
  state: State,
  seconds: number,
  more: Partial<StoredEvent> = {},
): StoredEvent {
  return {
    version: 1,
    event: name,
    state,
    stage: 'api',
    attempt: 1,
    data: {},
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`,
    at: at(seconds),
    ...more,
  };
}

/** A chained payment, accepted a minute ago, of which nothing else is known. */
export function facts(more: Partial<TransactionFacts> = {}): TransactionFacts {
  return {
    now: at(60),
    id: ID,
    type: 'payment',
    order: 'chained',
    key: ID,
    keyed: false,
    state: 'accepted',
    version: 1,
    attempts: 0,
    ambiguous: false,
    deadline: null,
    nextAttemptAt: null,
    sweeps: 0,
    acceptedAt: at(0),
    updatedAt: at(0),
    events: [event('new', 'accepted', 0)],
    letters: [],
    outbox: [],
    lane: null,
    ...more,
  };
}

export function letter(more: Partial<WhyLetter> = {}): WhyLetter {
  return {
    id: '7',
    at: at(5),
    stage: 'validate',
    topic: 'sluice.transactions.new',
    partition: 2,
    offset: '41',
    cause: 'unknown-type',
    message: 'There is no transaction type "x" here.',
    redrivenAt: null,
    redrives: 0,
    certain: true,
    ...more,
  };
}

export const because = (code: string, message: string): { reasons: unknown[] } => ({
  reasons: [{ code, message }],
});
