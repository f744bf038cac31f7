import type { Reason } from '../../domain/events.ts';
import type { Order } from '../../domain/state-machine.ts';
import type { Account, Query } from '../../store/port.ts';
import type { RemoteAnswer, TransactionType, Verdict } from '../type.ts';

export interface Payment {
  readonly debtor: string;
  readonly creditor: string;
  /** Minor units: 1250 is 12.50 in a currency with two decimals. */
  readonly amount: number;
  readonly currency: string;
  readonly reference?: string;
}

const account = { type: 'string', pattern: '^[A-Z0-9-]{4,34}$' };

const payloadSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['debtor', 'creditor', 'amount', 'currency'],
  properties: {
    debtor: { ...account, description: 'Account that pays' },
    creditor: { ...account, description: 'Account that is paid' },
    amount: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000_000,
      description: 'Minor units: 1250 is 12.50 EUR',
    },
    currency: { type: 'string', pattern: '^[A-Z]{3}$', description: 'ISO 4217' },
    reference: { type: 'string', maxLength: 140, description: 'Text for the creditor' },
  },
};

const reason = (code: string, message: string, field: string): Reason => ({ code, message, field });

function checkAccount(id: string, found: Account | undefined, field: string, currency: string): Reason[] {
  if (!found) return [reason('account-unknown', `There is no account ${id}.`, field)];
  const reasons: Reason[] = [];
  if (found.status !== 'active')
    reasons.push(reason('account-not-active', `Account ${id} is ${found.status}.`, field));
  if (found.currency !== currency)
    reasons.push(reason('currency-mismatch', `Account ${id} is kept in ${found.currency}.`, '/currency'));
  return reasons;
}

/** The rules of a payment, given the two accounts as they are now. */
export function checkPayment(payment: Payment, accounts: ReadonlyMap<string, Account>): Verdict {
  const debtor = accounts.get(payment.debtor);
  const reasons = [
    ...checkAccount(payment.debtor, debtor, '/debtor', payment.currency),
    ...checkAccount(payment.creditor, accounts.get(payment.creditor), '/creditor', payment.currency),
  ];
  if (payment.debtor === payment.creditor)
    reasons.push(reason('same-account', 'Debtor and creditor are the same account.', '/creditor'));
  if (debtor && payment.amount > debtor.limit)
    reasons.push(
      reason('limit-exceeded', `Account ${payment.debtor} may pay at most ${debtor.limit}.`, '/amount'),
    );
  return reasons.length === 0 ? { valid: true } : { valid: false, reasons };
}

async function validate(payments: readonly Payment[], query: Query): Promise<Verdict[]> {
  const ids = [...new Set(payments.flatMap((payment) => [payment.debtor, payment.creditor]))];
  const rows = await query<Account>(
    'select id, status, currency, payment_limit::float8 as "limit" from account where id = any($1)',
    [ids],
  );
  const accounts = new Map(rows.map((row) => [row.id, row]));
  return payments.map((payment) => checkPayment(payment, accounts));
}

/** The remote's answers: 200 with a body, or a 4xx that says why not. */
function fromRemote(statusCode: number, body: unknown): RemoteAnswer {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (statusCode === 200 && typeof fields['reference'] === 'string') return { kind: 'ok', response: body };
  if (statusCode === 200) throw new Error('The remote answered 200 without a reference.');
  const message =
    typeof fields['detail'] === 'string' ? fields['detail'] : `The remote answered ${statusCode}.`;
  return { kind: 'declined', reasons: [{ code: 'remote-declined', message }] };
}

/** Only the remote's own words count: a 404 of a proxy must not end a compensation. */
function reversed(statusCode: number, body: unknown): boolean | undefined {
  const found = (body as { reversed?: unknown } | null)?.reversed;
  return statusCode === 200 && typeof found === 'boolean' ? found : undefined;
}

/** Money from one account to another, carried out by a remote system. */
export function payment(name: string, order: Order): TransactionType<Payment> {
  return {
    name,
    order,
    payloadSchema,
    example: { debtor: 'ACC-000001', creditor: 'ACC-000002', amount: 1250, currency: 'EUR' },
    validate,
    toRemote: (id, payload) => ({ method: 'POST', path: '/effects', body: { id, ...payload } }),
    toReversal: (id) => ({ method: 'POST', path: `/effects/${id}/reversal` }),
    fromRemote,
    reversed,
    toResult: (response) => ({ reference: (response as { reference: string }).reference }),
    settleSql: `
      insert into payment (transaction_id, debtor, creditor, amount, currency, reference)
      select transaction_id, payload->>'debtor', payload->>'creditor', (payload->>'amount')::bigint,
             payload->>'currency', response->>'reference'
      from settled
      on conflict (transaction_id) do nothing`,
  };
}
