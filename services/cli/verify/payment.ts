import type { AuditEvent, AuditRow, PaymentRow } from '../../store/pg/audit.ts';
import { TRANSACTION_TYPES } from '../../transactions/registry.ts';

const SETTLE_SQL = TRANSACTION_TYPES.find((type) => type.name === 'payment')?.settleSql;

/** Types that are saved in the table `payment`. The tables of other types are not known here. */
export const PAYMENT_TYPES: ReadonlySet<string> = new Set(
  TRANSACTION_TYPES.filter((type) => type.settleSql === SETTLE_SQL).map((type) => type.name),
);

/**
 * Why a transaction and the table `payment` do not agree: done is one row with the values of the payload and
 * the reference of the result; anything else is no row. Undefined when they do.
 */
export function paymentFault(
  row: Pick<AuditRow, 'state' | 'type'>,
  events: readonly AuditEvent[],
  payments: readonly PaymentRow[],
): string | undefined {
  const wanted = row.state === 'done' && PAYMENT_TYPES.has(row.type);
  if (!wanted)
    return payments.length === 0 ? undefined : `is ${row.state} and has ${rows(payments.length)} in payment`;
  const [payment] = payments;
  if (!payment || payments.length > 1) return `is done and has ${rows(payments.length)} in payment`;
  const payload = fields(events.find((event) => event.event === 'new')?.detail);
  const result = fields(events.find((event) => event.event === 'done')?.detail);
  const expected = {
    debtor: payload['debtor'],
    creditor: payload['creditor'],
    amount: payload['amount'],
    currency: payload['currency'],
    reference: result['reference'],
  };
  const faults = Object.entries(expected).flatMap(([name, value]) => {
    const found = payment[name as keyof typeof expected];
    return found === String(value) ? [] : [`${name} is ${found}, it was ${String(value)}`];
  });
  return faults.length === 0 ? undefined : `in payment, ${faults.join('; ')}`;
}

const rows = (count: number): string => (count === 1 ? '1 row' : `${count} rows`);

function fields(detail: unknown): Readonly<Record<string, unknown>> {
  return typeof detail === 'object' && detail !== null ? (detail as Record<string, unknown>) : {};
}
