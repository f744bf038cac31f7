import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STAGES, concerns, consumedBy } from './stages.ts';
import type { EventName, Order, State } from './state-machine.ts';
import {
  CAUSES,
  EVENT_NAMES,
  ORDERS,
  STATES,
  TERMINAL_STATES,
  TRANSITIONS,
  isPublished,
  isTerminal,
  next,
  resumeEvent,
} from './state-machine.ts';

const edgesFrom = (order: Order, from: State) =>
  TRANSITIONS.filter((edge) => edge.order === order && edge.from === from);

/** States that can be reached from `from`, by any events. */
function reachable(order: Order, from: State): Set<State> {
  const found = new Set<State>([from]);
  for (const state of found) for (const { to } of edgesFrom(order, state)) found.add(to);
  return found;
}

test('has one edge for each order, state and event at the most', () => {
  const names = TRANSITIONS.map(({ order, from, event }) => `${order}/${from}/${event}`);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(ORDERS)('%s', (order) => {
  const visited = reachable(order, 'accepted');
  const open: State[] = [...visited].filter((state) => !isTerminal(state));

  test.each(TERMINAL_STATES)('nothing leaves %s', (state) => {
    expect(edgesFrom(order, state)).toEqual([]);
    for (const event of EVENT_NAMES) expect(next(order, state, event)).toBeUndefined();
  });

  test('every terminal state can be reached', () => {
    for (const state of TERMINAL_STATES) expect(visited).toContain(state);
  });

  test.each(open)('%s can end', (state) => {
    expect([...reachable(order, state)].some(isTerminal)).toBe(true);
  });

  test('no table mentions a state that cannot be reached', () => {
    for (const { from, to } of TRANSITIONS.filter((edge) => edge.order === order)) {
      expect(visited).toContain(from);
      expect(visited).toContain(to);
    }
    for (const state of STATES) expect(resumeEvent(order, state) !== undefined).toBe(open.includes(state));
  });

  test.each(open)('%s goes on when its event is published again', (state) => {
    const event = resumeEvent(order, state)!;
    expect(isPublished(event)).toBe(true);
    const consumers = STAGES.filter((stage) => concerns(stage, order, event));
    expect(consumers.length).toBeGreaterThan(0);
    // What the consuming stages emit after work on that event has an edge from here.
    const emitted = consumers.flatMap((stage) => EMITS[stage]);
    expect(emitted.some((name) => next(order, state, name) !== undefined)).toBe(true);
  });

  test.each(open)('the event that resumes %s is in the log by then', (state) => {
    const event = resumeEvent(order, state)!;
    for (const path of pathsTo(order, state)) expect(['new', ...path]).toContain(event);
  });

  test('a walk by any events ends at most once and stays there', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENT_NAMES), { maxLength: 40 }), (events) => {
        let state: State = 'accepted';
        for (const event of events) {
          const to = next(order, state, event);
          if (to !== undefined && isTerminal(state)) return false;
          state = to ?? state;
        }
        return visited.has(state);
      }),
    );
    expect(visited.size).toBeGreaterThan(5);
  });

  test('every event that somebody consumes is published', () => {
    for (const stage of STAGES)
      for (const event of consumedBy(stage, [order])) expect(isPublished(event)).toBe(true);
  });
});

/** What each stage may emit. */
const EMITS: Record<(typeof STAGES)[number], readonly EventName[]> = {
  validate: ['validated', 'rejected', 'compensation-requested'],
  remote: [
    'remote-responded',
    'retry-scheduled',
    'compensation-requested',
    'compensated',
    'failed',
    'expired',
    'rejected',
  ],
  persist: ['done'],
};

/** Events of every way without detours from `accepted` to `to`. */
function pathsTo(
  order: Order,
  to: State,
  from: State = 'accepted',
  seen: readonly State[] = [],
): EventName[][] {
  if (from === to) return [[]];
  return edgesFrom(order, from)
    .filter((edge) => edge.to !== from && !seen.includes(edge.to))
    .flatMap((edge) => pathsTo(order, to, edge.to, [...seen, from]).map((rest) => [edge.event, ...rest]));
}

test('every cause ends what is being compensated, in the state of its name', () => {
  for (const order of ORDERS)
    for (const cause of CAUSES) expect(next(order, 'compensating', cause)).toBe(cause);
});

test('a stage that serves several orders consumes what each of them needs, once', () => {
  for (const stage of STAGES) {
    const both = consumedBy(stage, ORDERS);
    expect(new Set(both).size).toBe(both.length);
    const needed = ORDERS.flatMap((order) => EVENT_NAMES.filter((event) => concerns(stage, order, event)));
    expect(both.toSorted()).toEqual([...new Set(needed)].toSorted());
  }
});
