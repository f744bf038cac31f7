import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONDITION_TYPES } from '../api/v1alpha1.ts';
import type { ConditionState } from './conditions.ts';
import { nextConditions } from './conditions.ts';

const state = (status: ConditionState['status'], reason = 'R', message = 'm'): ConditionState => ({
  type: 'Ready',
  status,
  reason,
  message,
});
const at = (now: string, observedGeneration = 1) => ({ now, observedGeneration });

test('the transition time is that of the last change of the status, not of the words', () => {
  const first = nextConditions([], [state('True')], at('T1'));
  const second = nextConditions(first, [state('True', 'Other', 'words')], at('T2', 2));
  expect(second).toEqual([
    { ...state('True', 'Other', 'words'), lastTransitionTime: 'T1', observedGeneration: 2 },
  ]);
  expect(nextConditions(second, [state('False')], at('T3'))[0]?.lastTransitionTime).toBe('T3');
});

test('a condition that nothing is said of stays as it was', () => {
  const first = nextConditions([], [state('True')], at('T1'));
  expect(nextConditions(first, [], at('T2', 2))).toEqual(first);
});

test('each type is there once, in one order, with a time that is a time at which its status changed', () => {
  const states = fc.uniqueArray(
    fc.record({
      type: fc.constantFrom(...CONDITION_TYPES),
      status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
      reason: fc.constantFrom('A', 'B'),
      message: fc.string(),
    }),
    { selector: ({ type }) => type },
  );
  fc.assert(
    fc.property(fc.array(states, { maxLength: 10 }), (rounds) => {
      let conditions: ReturnType<typeof nextConditions> = [];
      const changed = new Map<string, string>();
      for (const [round, given] of rounds.entries()) {
        for (const { type, status } of given)
          if (conditions.find((one) => one.type === type)?.status !== status) changed.set(type, `T${round}`);
        conditions = nextConditions(conditions, given, at(`T${round}`));
      }
      expect(conditions.map(({ type }) => type)).toEqual(CONDITION_TYPES.filter((type) => changed.has(type)));
      expect(new Map(conditions.map((one) => [one.type, one.lastTransitionTime]))).toEqual(
        new Map(CONDITION_TYPES.filter((type) => changed.has(type)).map((type) => [type, changed.get(type)])),
      );
    }),
  );
});
