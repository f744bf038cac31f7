import { describe, expect, test } from 'vitest';
import type { AuditRow } from '../../store/pg/audit.ts';
import type { Dossier } from './merge.ts';
import type { RuleName, Verdict } from './rules.ts';
import { DOSSIER_RULES } from './rules.ts';

const row = (change: Partial<AuditRow> = {}): AuditRow => ({
  id: 'x',
  type: 'payment',
  order: 'chained',
  keyed: false,
  state: 'accepted',
  outcome: null,
  version: 1,
  attempts: 0,
  scheduled: false,
  ...change,
});
const dossier = (change: Partial<Dossier> = {}): Dossier => ({
  id: 'x',
  row: undefined,
  events: [],
  payments: [],
  lanes: 0,
  openLetters: [],
  effect: undefined,
  ...change,
});
const judge = (rule: RuleName, change: Partial<Dossier>): Verdict => DOSSIER_RULES[rule]!(dossier(change));

const holds = { fault: undefined };
const keyed = (state: AuditRow['state']): AuditRow => row({ keyed: true, state });

describe('lane', () => {
  test.each<[string, Partial<Dossier>, Verdict]>([
    ['not keyed', { row: row() }, 'not-applicable'],
    ['waits in its lane', { row: keyed('validated'), lanes: 1 }, holds],
    ['is past the remote', { row: keyed('processed') }, holds],
    ['is done', { row: keyed('done') }, holds],
    [
      'lost its place',
      { row: keyed('compensating') },
      { fault: 'is compensating, but has lost its place in the lane of its key' },
    ],
    [
      'bars its lane',
      { row: keyed('failed'), lanes: 1 },
      { fault: 'is failed and still bars the lane of its key' },
    ],
    [
      'bars a lane without a key',
      { row: row(), lanes: 1 },
      { fault: 'is accepted and still bars the lane of its key' },
    ],
    ['is nothing', { lanes: 1 }, { fault: 'stands in a lane and is no transaction' }],
  ])('%s', (_name, change, verdict) => {
    expect(judge('lane', change)).toEqual(verdict);
  });
});

test('events without a row are named', () => {
  const events = [
    { id: 'x', version: 1, event: 'new', state: 'accepted', stage: 'api', attempt: 1, detail: null } as const,
  ];
  expect(judge('events-belong', { events })).toEqual({ fault: 'has 1 events and no row' });
  expect(judge('events-belong', { events, row: row() })).toEqual(holds);
});

test('a row without events is no legal path', () => {
  expect(judge('legal-path', { row: row() })).toEqual({ fault: 'has no events' });
});

test('each state has its own rule for the ledger', () => {
  const standing = { id: 'x', effects: 1, reversals: 0, seq: 1 };
  const fails = (rule: RuleName, state: AuditRow['state']): boolean => {
    const verdict = judge(rule, { row: row({ state }), effect: standing });
    return verdict !== 'not-applicable' && verdict.fault !== undefined;
  };
  expect(fails('done-effect', 'done')).toBe(false);
  expect(fails('compensated-effect', 'compensated')).toBe(true);
  for (const state of ['rejected', 'failed', 'expired'] as const)
    expect(fails('no-effect', state)).toBe(true);
  for (const rule of ['done-effect', 'compensated-effect', 'no-effect'] as const)
    expect(judge(rule, { row: row({ state: 'validated' }), effect: standing })).toBe('not-applicable');
});
