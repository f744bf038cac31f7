/**
 * The state machine of a transaction. This table is the only place that knows which event leads where:
 * the SQL that moves rows is given it as data, the API derives "terminal" from it, the tests walk it.
 *
 * Glossary
 *   transaction  one piece of work a client has submitted, identified by a UUIDv7
 *   state        where it stands; a projection of its events
 *   event        a fact about it, appended to its log with the next version number
 *   order        chained: the remote is called after validation; fanOut: both consume `new`, persist joins
 *   stage        the consumer that works on one step: validate, remote, persist
 *   terminal     a state that nothing leaves
 */

export const ORDERS = ['chained', 'fanOut'] as const;
export type Order = (typeof ORDERS)[number];

export const STATES = [
  'accepted',
  'validated',
  'responded',
  'processed',
  'compensating',
  'done',
  'rejected',
  'failed',
  'expired',
  'compensated',
] as const;
export type State = (typeof STATES)[number];

export const TERMINAL_STATES = ['done', 'rejected', 'failed', 'expired', 'compensated'] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** The verdicts that end a transaction without success; also why it is being compensated. */
export const CAUSES = ['rejected', 'failed', 'expired'] as const;
export type Cause = (typeof CAUSES)[number];

export const EVENT_NAMES = [
  'new',
  'validated',
  'rejected',
  'remote-responded',
  'retry-scheduled',
  'compensation-requested',
  'compensated',
  'failed',
  'expired',
  'done',
] as const;
export type EventName = (typeof EVENT_NAMES)[number];

export interface Transition {
  readonly order: Order;
  readonly from: State;
  readonly event: EventName;
  readonly to: State;
}

const chain = (order: Order, rows: readonly (readonly [State, EventName, State])[]): Transition[] =>
  rows.map(([from, event, to]) => ({ order, from, event, to }));

/** Undoing is the same in both orders: reverse the remote effect, then end by what was found. */
const COMPENSATION: readonly (readonly [State, EventName, State])[] = [
  ['compensating', 'retry-scheduled', 'compensating'],
  ['compensating', 'compensated', 'compensated'],
  ['compensating', 'rejected', 'rejected'],
  ['compensating', 'failed', 'failed'],
  ['compensating', 'expired', 'expired'],
];

export const TRANSITIONS: readonly Transition[] = [
  ...chain('chained', [
    ['accepted', 'validated', 'validated'],
    ['accepted', 'rejected', 'rejected'],
    ['accepted', 'expired', 'expired'],
    ['validated', 'retry-scheduled', 'validated'],
    ['validated', 'remote-responded', 'processed'],
    ['validated', 'failed', 'failed'],
    ['validated', 'expired', 'expired'],
    ['validated', 'compensation-requested', 'compensating'],
    ['processed', 'done', 'done'],
    ...COMPENSATION,
  ]),
  // In fan-out the two answers arrive in either order; `processed` means that both are in.
  ...chain('fanOut', [
    ['accepted', 'validated', 'validated'],
    ['accepted', 'remote-responded', 'responded'],
    ['accepted', 'retry-scheduled', 'accepted'],
    ['accepted', 'failed', 'failed'],
    ['accepted', 'compensation-requested', 'compensating'],
    ['validated', 'remote-responded', 'processed'],
    ['validated', 'retry-scheduled', 'validated'],
    ['validated', 'failed', 'failed'],
    ['validated', 'compensation-requested', 'compensating'],
    ['responded', 'validated', 'processed'],
    ['responded', 'compensation-requested', 'compensating'],
    ['processed', 'done', 'done'],
    ...COMPENSATION,
  ]),
];

const byCurrent = new Map(TRANSITIONS.map((t) => [`${t.order}/${t.from}/${t.event}`, t.to]));
const terminal = new Set<State>(TERMINAL_STATES);

export function isTerminal(state: State): state is TerminalState {
  return terminal.has(state);
}

/** The state after `event`, or undefined when the event is stale or a duplicate and changes nothing. */
export function next(order: Order, from: State, event: EventName): State | undefined {
  return byCurrent.get(`${order}/${from}/${event}`);
}

/** Events that only this system needs; all others are published to their topic. */
export function isPublished(event: EventName): boolean {
  return event !== 'retry-scheduled';
}

/**
 * Whether a retry of the remote call stays scheduled when this happens meanwhile: in fan-out the validation goes on
 * beside it. Everything else that moves a transaction makes the retry needless.
 */
export function keepsRetry(event: EventName): boolean {
  return event === 'validated';
}

const RESUME: Record<Order, Partial<Record<State, EventName>>> = {
  chained: {
    accepted: 'new',
    validated: 'validated',
    processed: 'remote-responded',
    compensating: 'compensation-requested',
  },
  fanOut: {
    accepted: 'new',
    validated: 'new',
    responded: 'new',
    processed: 'remote-responded',
    compensating: 'compensation-requested',
  },
};

/**
 * The event that gets a transaction in `state` going again when it is published once more: what the
 * sweeper and the retry scheduler re-emit. Undefined for terminal states.
 */
export function resumeEvent(order: Order, state: State): EventName | undefined {
  return RESUME[order][state];
}
