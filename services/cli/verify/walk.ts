import type { Order, State } from '../../domain/state-machine.ts';
import { isTerminal, next } from '../../domain/state-machine.ts';
import type { AuditEvent, AuditRow } from '../../store/pg/audit.ts';

type Step = Pick<AuditEvent, 'version' | 'event' | 'state'>;

/**
 * Why a log is no legal path of the state machine: it must begin with `new`, count its versions 1, 2, 3 … and
 * take an edge that exists with each event. Undefined when it is one; the first fault otherwise.
 */
export function pathFault(order: Order, events: readonly Step[]): string | undefined {
  let state: State | undefined;
  for (const [index, step] of events.entries()) {
    if (step.version !== index + 1) return versionFault(step.version, index + 1);
    const to = state === undefined ? firstState(step) : next(order, state, step.event);
    if (to === undefined)
      return state === undefined
        ? `its first event is ${step.event}, not new`
        : `version ${step.version}: ${step.event} cannot follow ${state}`;
    if (to !== step.state)
      return `version ${step.version}: ${step.event} leads to ${to}, the log says ${step.state}`;
    state = to;
  }
  return state === undefined ? 'has no events' : undefined;
}

function firstState({ event }: Step): State | undefined {
  return event === 'new' ? 'accepted' : undefined;
}

function versionFault(found: number, expected: number): string {
  return found < expected ? `version ${found} is there twice` : `version ${expected} is missing`;
}

type Row = Pick<AuditRow, 'state' | 'outcome' | 'version' | 'attempts' | 'scheduled'>;

/** How a row differs from the fold of its events, which must be a legal path. Undefined when it does not. */
export function foldFault(row: Row, events: readonly AuditEvent[]): string | undefined {
  const last = events.at(-1);
  if (!last) return undefined;
  const attempts = Math.max(0, ...events.map((event) => (event.stage === 'remote' ? event.attempt : 0)));
  const outcome = isTerminal(last.state) ? last.state : null;
  const faults = [
    differs('state', row.state, last.state),
    differs('version', row.version, last.version),
    differs('outcome', row.outcome, outcome),
    differs('attempts', row.attempts, attempts),
    row.scheduled && last.event !== 'retry-scheduled' ? `a retry is scheduled after ${last.event}` : '',
  ].filter((fault) => fault !== '');
  return faults.length === 0 ? undefined : faults.join('; ');
}

function differs(name: string, row: string | number | null, events: string | number | null): string {
  return row === events ? '' : `${name} is ${row} in the row, ${events} by its events`;
}

/** Terminal states absorb: one event into a terminal state where the row is terminal, none after it. */
export function terminalFault(row: Pick<AuditRow, 'state'>, events: readonly Step[]): string | undefined {
  const ends = events.filter((event) => isTerminal(event.state));
  if (!isTerminal(row.state)) {
    const [end] = ends;
    return end && `is ${row.state}, but version ${end.version} has ended it as ${end.state}`;
  }
  if (ends.length === 0) return `is ${row.state}, but no event has ended it`;
  if (ends.length > 1)
    return `has ended ${ends.length} times: ${ends.map(({ event, version }) => `${event} (${version})`).join(', ')}`;
  const last = events.at(-1)!;
  return isTerminal(last.state) ? undefined : `${last.event} (${last.version}) comes after its end`;
}
