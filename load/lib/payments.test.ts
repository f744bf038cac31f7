import { expect, test } from 'vitest';
import { createPayments, toBody } from './payments.ts';

const take = (count: number, invalidShare = 0) => {
  const next = createPayments({ seed: 7, accounts: 50, invalidShare });
  return Array.from({ length: count }, next);
};
const isSound = ({ debtor, creditor, amount, currency }: ReturnType<typeof take>[number]): boolean =>
  /^ACC-0000(0[1-9]|[1-4]\d|50)$/.test(debtor) &&
  /^ACC-0000(0[1-9]|[1-4]\d|50)$/.test(creditor) &&
  amount >= 1 &&
  amount <= 1_000_000 &&
  currency === 'EUR';

test('the same seed gives the same payments', () => {
  expect(take(20)).toEqual(take(20));
});

test('payments are valid unless asked otherwise', () => {
  const payments = take(5_000);
  expect(payments.every(isSound)).toBe(true);
  expect(payments.every(({ debtor, creditor }) => debtor !== creditor)).toBe(true);
  expect(new Set(payments.map(({ debtor }) => debtor)).size).toBe(50);
});

test('the stated share is at odds with the accounts', () => {
  const bad = take(5_000, 0.1).filter((payment) => !isSound(payment) || payment.debtor === payment.creditor);
  expect(bad.length).toBeGreaterThan(420);
  expect(bad.length).toBeLessThan(580);
});

test('a body names the type', () => {
  expect(JSON.parse(toBody(take(1)[0]!))).toMatchObject({ type: 'payment', payload: { currency: 'EUR' } });
});
