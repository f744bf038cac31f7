/**
 * Payments to submit, the same ones for the same seed. Runs under Node and inside k6, so it imports nothing.
 * The accounts are those of the seed data: ACC-000001 … ACC-<accounts>, active, EUR, at most 10,000.00 each.
 */
export interface PaymentOptions {
  readonly seed: number;
  /** Accounts to choose from; they must exist. At least 2. */
  readonly accounts: number;
  /** Share, 0 to 1, of payments that pass the schema and are then rejected by the database check. */
  readonly invalidShare?: number;
}

export interface PaymentPayload {
  readonly debtor: string;
  readonly creditor: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
}

const MAX_AMOUNT = 100_000;
const ABOVE_LIMIT = 1_000_001;

/** An endless supply of payments. */
export function createPayments(options: PaymentOptions): () => PaymentPayload {
  const { accounts, invalidShare = 0 } = options;
  const random = mulberry32(options.seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return () => {
    const debtor = below(accounts);
    const creditor = (debtor + 1 + below(accounts - 1)) % accounts;
    const payment = {
      debtor: accountId(debtor + 1),
      creditor: accountId(creditor + 1),
      amount: 1 + below(MAX_AMOUNT),
      currency: 'EUR',
    };
    return invalidShare > 0 && random() < invalidShare ? spoil(payment, below(4)) : payment;
  };
}

/** The body of POST /v1/transactions. */
export function toBody(payload: PaymentPayload, type = 'payment'): string {
  return JSON.stringify({ type, payload });
}

/** ACC-000001 for 1. */
export function accountId(n: number): string {
  return `ACC-${String(n).padStart(6, '0')}`;
}

/** One of the ways in which a payment can be at odds with the accounts. */
function spoil(payment: PaymentPayload, way: number): PaymentPayload {
  if (way === 0) return { ...payment, creditor: 'ACC-UNKNOWN' };
  if (way === 1) return { ...payment, debtor: 'ACC-BLOCKED' };
  if (way === 2) return { ...payment, currency: 'USD' };
  return { ...payment, amount: ABOVE_LIMIT };
}

function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
