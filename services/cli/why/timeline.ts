import type { Reason } from '../../domain/events.ts';
import type { EventName } from '../../domain/state-machine.ts';
import { isTerminal } from '../../domain/state-machine.ts';
import type { StoredEvent } from '../../store/port.ts';
import type { TransactionFacts, WaitingRow, WhyLetter } from '../../store/pg/why.ts';
import { counted, span } from '../output/text.ts';

/** Something that has happened to a transaction, or is due. */
export interface Moment {
  readonly at: Date;
  readonly text: string;
}

/** Everything that has happened to a transaction and what is due, in order of time. */
export function timeline(facts: TransactionFacts): Moment[] {
  const moments = [
    ...facts.events.map((event, index) => ({
      at: event.at,
      text: eventText(event, facts.events.slice(0, index)),
    })),
    ...facts.letters.flatMap((letter) => letterMoments(letter)),
    ...facts.outbox.map((row) => ({ at: row.createdAt, text: outboxText(row, facts.now) })),
    ...due(facts),
  ];
  return moments.toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

interface Telling {
  /** Whose doing it was. */
  readonly by: string;
  /** Calls of the remote system up to then, in words. */
  readonly calls: string;
  /** The remote system took no more for now: its calls do not count. */
  readonly turnedAway: boolean;
  /** Why, in parentheses. */
  readonly why: string;
  /** Its effect was being undone. */
  readonly undoing: boolean;
}

const TELL: Readonly<Record<EventName, (telling: Telling) => string>> = {
  new: ({ by }) => (by === 'api' ? 'accepted' : `accepted by ${by}`),
  validated: ({ by }) => `${by} found it valid`,
  'remote-responded': ({ by, calls }) => `${by} called the remote system, which answered (${calls} in all)`,
  'retry-scheduled': (telling) => {
    const { by, calls, why } = telling;
    const what = telling.undoing
      ? 'could not have its effect undone'
      : 'got no usable answer from the remote system';
    return telling.turnedAway
      ? `${by} was turned away by the remote system, which took no more, and will try again; that counts as no call ${why}`
      : `${by} ${what} and will try again; ${calls} in all ${why}`;
  },
  'compensation-requested': ({ by, why }) =>
    `${by} gave it up; what a call may have done is to be undone ${why}`,
  compensated: ({ by, why }) => `${by} had its effect undone ${why}`,
  rejected: ({ by, why, undoing }) => `${by} ${undoing ? NOTHING_TO_UNDO : ''}rejected it ${why}`,
  failed: ({ by, why, undoing }) => `${by} ${undoing ? NOTHING_TO_UNDO : ''}let it fail ${why}`,
  expired: ({ by, why, undoing }) => `${by} ${undoing ? NOTHING_TO_UNDO : ''}let it expire ${why}`,
  done: ({ by }) => `${by} saved the result`,
};

const NOTHING_TO_UNDO = 'found no effect to undo and ';

function eventText(event: StoredEvent, earlier: readonly StoredEvent[]): string {
  const lastCall = earlier.findLast(({ stage }) => stage === 'remote');
  return TELL[event.event]({
    by: event.stage === 'sync' ? 'a synchronous request' : event.stage,
    calls: counted(event.attempt, 'call'),
    turnedAway: event.attempt === (lastCall?.attempt ?? 0),
    why: `(${reasonsOf(event)})`,
    undoing: earlier.at(-1)?.state === 'compensating',
  });
}

/** What an event says of why. */
export function reasonsOf(event: StoredEvent | undefined): string {
  const data = event?.data;
  const reasons = typeof data === 'object' && data !== null && 'reasons' in data ? data.reasons : undefined;
  if (!Array.isArray(reasons) || reasons.length === 0) return 'no reason was given';
  return (reasons as Reason[])
    .map(({ code, message, field }) => `${code}${field ? ` at ${field}` : ''}: ${message.replace(/\.$/, '')}`)
    .join('; ');
}

function letterMoments(letter: WhyLetter): Moment[] {
  const { id, at, stage, topic, partition, offset, cause, message, redrivenAt, redrives, certain } = letter;
  const place = partition < 0 ? topic : `${topic}/${partition}@${offset}`;
  const whose = certain ? 'its message' : 'a message that names it';
  const buried = {
    at,
    text: `${stage} put ${whose} ${place} aside as dead letter ${id}, ${cause}: ${message}`,
  };
  if (!redrivenAt) return [buried];
  return [
    buried,
    { at: redrivenAt, text: `dead letter ${id} was redriven (${counted(redrives, 'time')} so far)` },
  ];
}

function outboxText({ event, letterId, redrive, createdAt, before }: WaitingRow, now: Date): string {
  const what =
    letterId === null ? `event ${event}` : `dead letter ${letterId}${redrive ? ', redriven,' : ''}`;
  const age = span(now.getTime() - createdAt.getTime());
  return `${what} was put into the outbox, and waits there for ${age}, ${ahead(before)}`;
}

/** Rows of the same shard go out in their order. */
export function ahead(before: number): string {
  return before === 0 ? 'first in its shard' : `behind ${counted(before, 'row')}`;
}

function due({ state, nextAttemptAt, deadline, attempts }: TransactionFacts): Moment[] {
  if (isTerminal(state)) return [];
  return [
    ...(nextAttemptAt
      ? [{ at: nextAttemptAt, text: `call ${attempts + 1} of the remote system is due` }]
      : []),
    ...(deadline ? [{ at: deadline, text: 'its deadline passes' }] : []),
  ];
}
