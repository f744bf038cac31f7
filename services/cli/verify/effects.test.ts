import { expect, test } from 'vitest';
import { compensatedFault, doneFault, repeatedFault, unsuccessfulFault } from './effects.ts';

const none = undefined;
const tombstone = { effects: 0, reversals: 0 };
const standing = { effects: 1, reversals: 0 };
const undone = { effects: 1, reversals: 1 };

test.each([
  [none, 'is done without an effect in the ledger'],
  [tombstone, 'is done without an effect in the ledger'],
  [standing, undefined],
  [undone, 'is done, but its effect was reversed'],
])('done: %j', (effect, fault) => {
  expect(doneFault(effect)).toBe(fault);
});

test.each([
  [none, 'is compensated, but the ledger has no effect to undo'],
  [tombstone, 'is compensated, but the ledger has no effect to undo'],
  [standing, 'is compensated, but its effect was not reversed'],
  [undone, undefined],
])('compensated: %j', (effect, fault) => {
  expect(compensatedFault(effect)).toBe(fault);
});

test.each([
  [none, undefined],
  [tombstone, undefined],
  [standing, 'is failed, but its effect stands in the ledger'],
  [undone, undefined],
])('failed: %j', (effect, fault) => {
  expect(unsuccessfulFault('failed', effect)).toBe(fault);
});

test.each([
  [tombstone, undefined],
  [standing, undefined],
  [undone, undefined],
  [{ effects: 2, reversals: 1 }, 'has 2 effects'],
  [{ effects: 1, reversals: 2 }, 'has 2 reversals of 1 effects'],
])('repeated: %j', (effect, fault) => {
  expect(repeatedFault(effect)).toBe(fault);
});
