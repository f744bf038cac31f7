import { expect, test } from 'vitest';
import type { Order, State } from '../domain/state-machine.ts';
import { ORDERS, STATES, isTerminal } from '../domain/state-machine.ts';
import { awaited } from './awaited.ts';

test.each<[Order, State, string[]]>([
  ['chained', 'accepted', ['validate new']],
  ['chained', 'validated', ['remote validated']],
  ['chained', 'processed', ['persist remote-responded']],
  ['chained', 'compensating', ['remote compensation-requested']],
  ['fanOut', 'accepted', ['validate new', 'remote new']],
  ['fanOut', 'validated', ['remote new']],
  ['fanOut', 'responded', ['validate new']],
  ['fanOut', 'processed', ['persist remote-responded']],
  ['fanOut', 'compensating', ['remote compensation-requested']],
])('%s, %s', (order, state, stages) => {
  expect(awaited(order, state).map(({ stage, event }) => `${stage} ${event}`)).toEqual(stages);
});

test('nothing is waited for at the end', () => {
  for (const order of ORDERS)
    for (const state of STATES.filter((state) => isTerminal(state)))
      expect(awaited(order, state)).toEqual([]);
});
