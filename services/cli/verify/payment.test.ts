import { expect, test } from 'vitest';
import type { AuditEvent, PaymentRow } from '../../store/pg/audit.ts';
import { paymentFault } from './payment.ts';

const event = (name: AuditEvent['event'], detail: unknown): AuditEvent => ({
  id: 'x',
  version: 1,
  event: name,
  state: 'accepted',
  stage: 'api',
  attempt: 1,
  detail,
});
const events = [
  event('new', { debtor: 'ACC-1', creditor: 'ACC-2', amount: 1250, currency: 'EUR' }),
  event('done', { reference: 'RMT-7' }),
];
const row: PaymentRow = {
  id: 'x',
  debtor: 'ACC-1',
  creditor: 'ACC-2',
  amount: '1250',
  currency: 'EUR',
  reference: 'RMT-7',
};

test.each<[string, Parameters<typeof paymentFault>, string | undefined]>([
  ['done with its row', [{ state: 'done', type: 'payment' }, events, [row]], undefined],
  ['fan-out saves in the same table', [{ state: 'done', type: 'payment-fan-out' }, events, [row]], undefined],
  [
    'done without a row',
    [{ state: 'done', type: 'payment' }, events, []],
    'is done and has 0 rows in payment',
  ],
  ['two rows', [{ state: 'done', type: 'payment' }, events, [row, row]], 'is done and has 2 rows in payment'],
  [
    'a row too early',
    [{ state: 'processed', type: 'payment' }, events, [row]],
    'is processed and has 1 row in payment',
  ],
  ['not done, no row', [{ state: 'failed', type: 'payment' }, events, []], undefined],
  [
    'other values',
    [{ state: 'done', type: 'payment' }, events, [{ ...row, amount: '1', reference: 'RMT-8' }]],
    'in payment, amount is 1, it was 1250; reference is RMT-8, it was RMT-7',
  ],
  ['another type has other tables', [{ state: 'done', type: 'parcel' }, events, []], undefined],
])('%s', (_name, args, fault) => {
  expect(paymentFault(...args)).toBe(fault);
});
