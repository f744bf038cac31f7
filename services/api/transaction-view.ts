import type { StoredEvent, TransactionRow, TransactionView } from '../store/port.ts';
import type { Reason } from '../domain/events.ts';
import { isTerminal } from '../domain/state-machine.ts';
import { traceIdOf } from '../domain/ids.ts';

/** Where a transaction is found. */
export function transactionPath(id: string): string {
  return `/v1/transactions/${id}`;
}

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** A transaction as it stands in a list. */
export function itemBody(row: TransactionRow): object {
  return {
    id: row.id,
    type: row.type,
    key: row.key,
    state: row.state,
    version: row.version,
    acceptedAt: row.acceptedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(row.deadline && { deadline: row.deadline.toISOString() }),
    ...(row.nextAttemptAt && { nextAttemptAt: row.nextAttemptAt.toISOString() }),
    attempts: row.attempts,
  };
}

/** A transaction by itself: what it came to, and when it reached each state. */
export function transactionBody(view: TransactionView): object {
  const times: Record<string, string> = {};
  for (const { state, at } of view.events) times[state] ??= at.toISOString();
  const self = transactionPath(view.id);
  return { ...itemBody(view), ...outcomeOf(view), times, links: { self, history: `${self}/history` } };
}

export interface Outcome {
  readonly result?: unknown;
  readonly reasons?: readonly Reason[];
}

/** The result of a transaction that is done, the reasons of one that has ended otherwise. */
export function outcomeOf(view: TransactionView): Outcome {
  if (!isTerminal(view.state)) return {};
  const data = membersOf(view.events.at(-1));
  if (view.state === 'done') return { result: data['result'] ?? null };
  return { reasons: (data['reasons'] as readonly Reason[] | undefined) ?? [] };
}

/** What an event says beyond what is the same in all of them, and beyond the payload. */
const TOLD = ['reasons', 'response', 'result', 'cause'];

/** Every event of a transaction, oldest first. */
export function historyBody(view: TransactionView): object {
  const events = view.events.map((event) => ({
    version: event.version,
    event: event.event,
    state: event.state,
    stage: event.stage,
    attempt: event.attempt,
    at: event.at.toISOString(),
    traceId: traceIdOf(event.traceparent),
    ...Object.fromEntries(Object.entries(membersOf(event)).filter(([name]) => TOLD.includes(name))),
  }));
  return { id: view.id, events };
}

function membersOf(event: StoredEvent | undefined): Readonly<Record<string, unknown>> {
  const data = event?.data;
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
}
