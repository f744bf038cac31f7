import type { Dossier } from './merge.ts';
import { compensatedFault, doneFault, repeatedFault, unsuccessfulFault } from './effects.ts';
import { PAYMENT_TYPES, paymentFault } from './payment.ts';
import { foldFault, pathFault, terminalFault } from './walk.ts';
import { isTerminal } from '../../domain/state-machine.ts';

/** Every rule of the audit, in the order of the report. */
export const RULES = {
  settlement: 'accepted = done + rejected + failed + expired + compensated + in flight',
  'events-belong': 'every event belongs to a transaction',
  'legal-path': 'events are a legal path, versions 1..n without gaps',
  'row-is-fold': 'the row equals the fold of its events',
  'one-terminal': 'one terminal event where terminal, nothing after it',
  'business-row': 'done is one row in payment with its values, anything else none',
  lane: 'keyed and not past the remote is one place in its lane, anything else none',
  'done-effect': 'done is an effect that stands',
  'compensated-effect': 'compensated is an effect that was reversed',
  'no-effect': 'rejected, failed, expired leave no effect that stands',
  'known-effect': 'every effect belongs to a transaction',
  'one-effect': 'one effect per key at the most',
  'key-order': 'effects per key come in the order of acceptance',
  'outbox-age': 'nothing in the outbox is older than the bound',
  'outbox-target': 'every outbox row points to an event or a dead letter',
  'idempotency-target': 'every idempotency key names a transaction',
} as const;
export type RuleName = keyof typeof RULES;

/** Those that cannot be checked without the remote system's ledger. */
export const LEDGER_RULES: ReadonlySet<RuleName> = new Set([
  'done-effect',
  'compensated-effect',
  'no-effect',
  'known-effect',
  'one-effect',
  'key-order',
]);

/** Not for this dossier; or it holds (undefined); or why not. */
export type Verdict = 'not-applicable' | { readonly fault: string | undefined };

const NOT_APPLICABLE = 'not-applicable';
const when = (applies: boolean, fault: () => string | undefined): Verdict =>
  applies ? { fault: fault() } : NOT_APPLICABLE;

type DossierRule = (dossier: Dossier) => Verdict;

/** The rules that look at one transaction. Pure. */
export const DOSSIER_RULES: Readonly<Partial<Record<RuleName, DossierRule>>> = {
  'events-belong': ({ row, events }) =>
    when(events.length > 0, () => (row ? undefined : `has ${events.length} events and no row`)),

  'legal-path': ({ row, events }) => when(row !== undefined, () => pathFault(row!.order, events)),

  'row-is-fold': ({ row, events }) => when(row !== undefined, () => foldFault(row!, events)),

  'one-terminal': ({ row, events }) => when(row !== undefined, () => terminalFault(row!, events)),

  'business-row': ({ row, events, payments }) => {
    if (!row) return when(payments.length > 0, () => 'has a row in payment and none in transaction');
    return when(payments.length > 0 || PAYMENT_TYPES.has(row.type), () =>
      paymentFault(row, events, payments),
    );
  },

  lane: ({ row, lanes }) => {
    if (!row) return when(lanes > 0, () => 'stands in a lane and is no transaction');
    const belongs = row.keyed && row.state !== 'processed' && !isTerminal(row.state);
    return when(row.keyed || lanes > 0, () => {
      if (belongs && lanes === 0) return `is ${row.state}, but has lost its place in the lane of its key`;
      return !belongs && lanes > 0 ? `is ${row.state} and still bars the lane of its key` : undefined;
    });
  },

  'done-effect': ({ row, effect }) => when(row?.state === 'done', () => doneFault(effect)),

  'compensated-effect': ({ row, effect }) =>
    when(row?.state === 'compensated', () => compensatedFault(effect)),

  'no-effect': ({ row, effect }) => {
    const state = row?.state;
    if (state !== 'rejected' && state !== 'failed' && state !== 'expired') return NOT_APPLICABLE;
    return { fault: unsuccessfulFault(state, effect) };
  },

  'one-effect': ({ effect }) => when(effect !== undefined, () => repeatedFault(effect!)),
};
