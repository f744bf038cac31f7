import { describe, expect, test } from 'vitest';
import type { EventName, Order, State } from '../../domain/state-machine.ts';
import type { AuditEvent } from '../../store/pg/audit.ts';
import { foldFault, pathFault, terminalFault } from './walk.ts';

type Step = readonly [EventName, State];

const log = (...steps: Step[]): AuditEvent[] =>
  steps.map(([event, state], index) => ({
    id: 'x',
    version: index + 1,
    event,
    state,
    stage: event === 'remote-responded' || event === 'retry-scheduled' ? 'remote' : 'api',
    attempt: index,
    detail: null,
  }));

const DONE = log(
  ['new', 'accepted'],
  ['validated', 'validated'],
  ['retry-scheduled', 'validated'],
  ['remote-responded', 'processed'],
  ['done', 'done'],
);

describe('pathFault', () => {
  const without = (version: number): AuditEvent[] => DONE.filter((event) => event.version !== version);

  test.each<[string, Order, AuditEvent[], string | undefined]>([
    ['a whole path', 'chained', DONE, undefined],
    [
      'fan-out, the remote first',
      'fanOut',
      log(
        ['new', 'accepted'],
        ['remote-responded', 'responded'],
        ['validated', 'processed'],
        ['done', 'done'],
      ),
      undefined,
    ],
    ['one under way', 'chained', DONE.slice(0, 2), undefined],
    ['no events', 'chained', [], 'has no events'],
    ['the first one lost', 'chained', without(1), 'version 1 is missing'],
    ['one in the middle lost', 'chained', without(3), 'version 3 is missing'],
    ['a version twice', 'chained', [...DONE.slice(0, 2), DONE[1]!], 'version 2 is there twice'],
    [
      'a wrong beginning',
      'chained',
      log(['validated', 'validated']),
      'its first event is validated, not new',
    ],
    [
      'an edge that does not exist',
      'chained',
      log(['new', 'accepted'], ['remote-responded', 'responded']),
      'version 2: remote-responded cannot follow accepted',
    ],
    [
      'an event after the end',
      'chained',
      log(['new', 'accepted'], ['rejected', 'rejected'], ['validated', 'validated']),
      'version 3: validated cannot follow rejected',
    ],
    [
      'another state than the machine says',
      'chained',
      log(['new', 'accepted'], ['validated', 'processed']),
      'version 2: validated leads to validated, the log says processed',
    ],
  ])('%s', (_name, order, events, fault) => {
    expect(pathFault(order, events)).toBe(fault);
  });
});

describe('foldFault', () => {
  const row = { state: 'done', outcome: 'done', version: 5, attempts: 3, scheduled: false } as const;

  test.each<[string, object, string | undefined]>([
    ['equal', {}, undefined],
    ['state', { state: 'processed' }, 'state is processed in the row, done by its events'],
    ['version', { version: 6 }, 'version is 6 in the row, 5 by its events'],
    ['outcome', { outcome: null }, 'outcome is null in the row, done by its events'],
    ['attempts', { attempts: 0 }, 'attempts is 0 in the row, 3 by its events'],
    ['a retry too many', { scheduled: true }, 'a retry is scheduled after done'],
    [
      'two at once',
      { state: 'failed', outcome: 'failed' },
      'state is failed in the row, done by its events; outcome is failed in the row, done by its events',
    ],
  ])('%s', (_name, change, fault) => {
    expect(foldFault({ ...row, ...change }, DONE)).toBe(fault);
  });

  test('a retry may be scheduled after an event that says so', () => {
    const waiting = { state: 'validated', outcome: null, version: 3, attempts: 2, scheduled: true } as const;
    expect(foldFault(waiting, DONE.slice(0, 3))).toBeUndefined();
  });
});

describe('terminalFault', () => {
  test.each<[string, State, AuditEvent[], string | undefined]>([
    ['ended once', 'done', DONE, undefined],
    ['under way', 'validated', DONE.slice(0, 2), undefined],
    ['ended, the row does not know', 'processed', DONE, 'is processed, but version 5 has ended it as done'],
    ['the row alone has ended', 'done', DONE.slice(0, 4), 'is done, but no event has ended it'],
    [
      'ended twice',
      'done',
      log(['new', 'accepted'], ['done', 'done'], ['failed', 'failed']),
      'has ended 2 times: done (2), failed (3)',
    ],
    [
      'went on after its end',
      'done',
      log(['new', 'accepted'], ['done', 'done'], ['validated', 'validated']),
      'validated (3) comes after its end',
    ],
  ])('%s', (_name, state, events, fault) => {
    expect(terminalFault({ state }, events)).toBe(fault);
  });
});
