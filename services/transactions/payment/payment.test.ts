import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Account } from '../../store/port.ts';
import { Registry, TRANSACTION_TYPES } from '../registry.ts';
import type { Payment } from './payment.ts';
import { checkPayment, payment } from './payment.ts';

const good: Payment = { debtor: 'ACC-1', creditor: 'ACC-2', amount: 100, currency: 'EUR' };
const account = (id: string, more: Partial<Account> = {}): Account => ({
  id,
  status: 'active',
  currency: 'EUR',
  limit: 1_000,
  ...more,
});
const accounts = (...all: Account[]): Map<string, Account> => new Map(all.map((one) => [one.id, one]));
const codes = (of: Payment, known: ReadonlyMap<string, Account>): string[] => {
  const verdict = checkPayment(of, known);
  return verdict.valid ? [] : verdict.reasons.map(({ code, field }) => `${code} ${field}`);
};

describe('the rules of a payment', () => {
  const both = accounts(account('ACC-1'), account('ACC-2'));

  test.each([
    ['a good one', good, both, []],
    ['all that is allowed', { ...good, amount: 1_000 }, both, []],
    ['a minor unit more', { ...good, amount: 1_001 }, both, ['limit-exceeded /amount']],
    ['no debtor', good, accounts(account('ACC-2')), ['account-unknown /debtor']],
    ['no creditor', good, accounts(account('ACC-1')), ['account-unknown /creditor']],
    ['neither', good, accounts(), ['account-unknown /debtor', 'account-unknown /creditor']],
    ['to oneself', { ...good, creditor: 'ACC-1' }, both, ['same-account /creditor']],
    [
      'another currency',
      { ...good, currency: 'USD' },
      both,
      ['currency-mismatch /currency', 'currency-mismatch /currency'],
    ],
    [
      'a blocked debtor, a closed creditor',
      good,
      accounts(account('ACC-1', { status: 'blocked' }), account('ACC-2', { status: 'closed' })),
      ['account-not-active /debtor', 'account-not-active /creditor'],
    ],
    [
      'the limit of the creditor does not matter',
      good,
      accounts(account('ACC-1'), account('ACC-2', { limit: 1 })),
      [],
    ],
  ])('%s', (_name, of, known, expected) => {
    expect(codes(of, known)).toEqual(expected);
  });

  test('valid exactly when both are active, of one currency, different, and within the limit', () => {
    const status = fc.constantFrom('active', 'blocked', 'closed');
    const currency = fc.constantFrom('EUR', 'USD');
    const side = fc.record({ status, currency, limit: fc.nat(200), known: fc.boolean() });
    fc.assert(
      fc.property(
        side,
        side,
        fc.record({ same: fc.boolean(), of: currency, amount: fc.integer({ min: 1, max: 200 }) }),
        (d, c, { same, of, amount }) => {
          const known = accounts(
            ...(c.known ? [account('C', c)] : []),
            ...(d.known ? [account('D', d)] : []),
          );
          const creditor = same ? 'D' : 'C';
          const found = known.get(creditor);
          const expected =
            !same &&
            d.known &&
            found !== undefined &&
            d.status === 'active' &&
            found.status === 'active' &&
            d.currency === of &&
            found.currency === of &&
            amount <= d.limit;
          expect(checkPayment({ debtor: 'D', creditor, amount, currency: of }, known).valid).toBe(expected);
        },
      ),
    );
  });
});

describe.each(TRANSACTION_TYPES)('the type $name', (type) => {
  test('has an example that its closed schema takes', () => {
    const matches = new Ajv2020({ strict: true }).compile(type.payloadSchema);
    expect(matches(type.example)).toBe(true);
    expect(matches({ ...(type.example as object), more: 1 })).toBe(false);
  });

  test('calls and reverses under the id', () => {
    expect(type.toRemote('id', good)).toMatchObject({ method: 'POST', body: { id: 'id', amount: 100 } });
    expect(type.toReversal('id', good).path).toContain('id');
  });
});

describe('the answers of the remote', () => {
  const type = payment('payment', 'chained');

  test('200 with a reference is ok, 4xx is declined, 200 without one is no answer', () => {
    const response = { reference: 'R', more: 1 };
    expect(type.fromRemote(200, response)).toEqual({ kind: 'ok', response });
    expect(type.toResult(response)).toEqual({ reference: 'R' });
    expect(type.fromRemote(422, { detail: 'no money' })).toMatchObject({
      kind: 'declined',
      reasons: [{ code: 'remote-declined', message: 'no money' }],
    });
    for (const body of [null, 'text', 7, [], {}])
      expect(type.fromRemote(404, body)).toMatchObject({ kind: 'declined' });
    for (const body of [null, {}, { reference: 7 }])
      expect(() => type.fromRemote(200, body)).toThrow(/reference/);
  });

  test('only a plain yes says that an effect was undone', () => {
    expect(type.reversed(200, { reversed: true })).toBe(true);
    expect(type.reversed(200, { reversed: false })).toBe(false);
    for (const body of [null, {}, { reversed: 'true' }]) expect(type.reversed(200, body)).toBeUndefined();
    for (const status of [401, 404, 502]) expect(type.reversed(status, { reversed: true })).toBeUndefined();
  });
});

describe('the registry', () => {
  test('holds what is asked for, and names every name it does not know', () => {
    expect(Registry.parse(['payment-fan-out']).types.map(({ name }) => name)).toEqual(['payment-fan-out']);
    expect(() => Registry.parse(['payment', 'x', 'y'])).toThrow(
      /unknown types: x, y. Known: payment, payment-fan-out/,
    );
  });
});
