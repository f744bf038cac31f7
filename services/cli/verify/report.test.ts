import { expect, test } from 'vitest';
import { Findings, settlementFault } from './report.ts';

const rest = {
  at: '2026-01-01T00:00:00.000Z',
  seconds: 1,
  ledger: { status: 'read', url: 'http://127.0.0.1', keys: 0 },
  outbox: { rows: 0, oldestSeconds: 0, boundSeconds: 60 },
  deadLetters: [],
} as const;

test('the sum is of every state', () => {
  const counts = { accepted: 21, done: 1, rejected: 2, failed: 3, expired: 4, compensated: 5, inFlight: 6 };
  expect(settlementFault(counts)).toBeUndefined();
  expect(settlementFault({ ...counts, accepted: 22 })).toBe(
    '22 were accepted by the event log, 21 are there by their states',
  );
});

test('keeps the first twenty of a rule and counts the others', () => {
  const findings = new Findings();
  for (let n = 0; n < 30; n++) findings.check('lane', `t${n}`, n % 2 === 0 ? undefined : 'broken');
  for (let n = 0; n < 25; n++) findings.check('row-is-fold', `t${n}`, 'broken');
  const report = findings.report(rest);
  const of = (name: string) => report.rules.find(({ rule }) => rule === name)!;
  expect(of('lane')).toMatchObject({ checked: 30, violations: 15 });
  expect(of('row-is-fold')).toMatchObject({ checked: 25, violations: 25 });
  expect(of('row-is-fold').examples).toHaveLength(20);
  expect(report).toMatchObject({ ok: false, violations: 40 });
});

test('a transaction that was accepted and is nowhere breaks the settlement', () => {
  const findings = new Findings();
  findings.countAccepted();
  findings.countAccepted();
  findings.countState('validated');
  const report = findings.report(rest);
  expect(report.counts).toMatchObject({ accepted: 2, inFlight: 1, inFlightByState: { validated: 1 } });
  expect(report.ok).toBe(false);
});

test('without a ledger its rules are skipped, not passed, whatever had been found', () => {
  const findings = new Findings();
  findings.check('known-effect', 'x', 'broken');
  const report = findings.report({ ...rest, ledger: { status: 'skipped', reason: 'none given' } });
  expect(report.ok).toBe(true);
  const skipped = report.rules.filter((rule) => rule.skipped !== undefined).map(({ rule }) => rule);
  expect(skipped).toEqual([
    'done-effect',
    'compensated-effect',
    'no-effect',
    'known-effect',
    'one-effect',
    'key-order',
  ]);
});
