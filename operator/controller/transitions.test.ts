import { describe, expect, test } from 'vitest';
import type { Condition } from '../api/v1alpha1.ts';
import { declare, outcomeOf } from './declaration.fixture.ts';
import { conditionOccurrences, manualOccurrence, scalingOccurrence } from './transitions.ts';

const one = declare('remote');
const condition = (
  type: Condition['type'],
  status: Condition['status'],
  reason = 'R',
  message = 'm',
): Condition => ({ type, status, reason, message, lastTransitionTime: 'T', observedGeneration: 1 });
const reasons = (before: Condition[], after: Condition[]): string[] =>
  conditionOccurrences(before, after).map(({ type, reason }) => `${type} ${reason}`);

describe('conditions are told', () => {
  test('when they turn bad, or bad for another reason, and not again', () => {
    const bad = [condition('Ready', 'False', 'TopicMissing')];
    expect(reasons([], bad)).toEqual(['Warning TopicMissing']);
    expect(reasons(bad, bad)).toEqual([]);
    expect(reasons(bad, [condition('Ready', 'False', 'GroupMissing')])).toEqual(['Warning GroupMissing']);
    expect(reasons([], [condition('Bottlenecked', 'True', 'Downstream')])).toEqual(['Warning Downstream']);
  });

  test('when all is well again, and not when it was from the first', () => {
    const good = [condition('Ready', 'True'), condition('Bottlenecked', 'False')];
    expect(reasons([], good)).toEqual([]);
    expect(reasons([condition('Ready', 'False'), condition('Bottlenecked', 'True')], good)).toEqual([
      'Normal Ready',
    ]);
  });

  test('when somebody pauses and goes on', () => {
    const [paused, active] = [
      [condition('ScalingActive', 'False', 'Paused')],
      [condition('ScalingActive', 'True')],
    ];
    expect(reasons(active, paused)).toEqual(['Normal Paused']);
    expect(reasons(paused, active)).toEqual(['Normal Resumed']);
  });
});

test('a scaling is told with its arithmetic, a failed one as a warning, a decision to hold not at all', () => {
  const decision = { replicas: 6, reason: 'LoadAboveCapacity' } as const;
  expect(scalingOccurrence(outcomeOf(one, { result: 'scaled', decision }))).toMatchObject([
    { reason: 'ScaledUp', note: 'replicas 3 → 6, LoadAboveCapacity: the arithmetic' },
  ]);
  expect(scalingOccurrence(outcomeOf(one, { result: 'failed', error: 'forbidden', decision }))).toMatchObject(
    [{ type: 'Warning', note: 'replicas 3 → 6 failed: forbidden' }],
  );
  expect(scalingOccurrence(outcomeOf(one))).toEqual([]);
});

describe('replicas that others have set are told', () => {
  test('with who it was, and what was done about it', () => {
    const after = outcomeOf(one, { desired: 7 });
    expect(manualOccurrence(outcomeOf(one), after, 'kubectl-scale')).toMatchObject([
      {
        reason: 'ScaledByOthers',
        note: 'replicas 3 → 7 by kubectl-scale; the operator goes on from there: Steady, the arithmetic',
      },
    ]);
    const undone = outcomeOf(one, {
      desired: 7,
      result: 'applying',
      decision: { replicas: 3, reason: 'Idle' },
    });
    expect(manualOccurrence(outcomeOf(one), undone, undefined)[0]?.note).toContain('the operator sets 3');
  });

  test('and not when it was us, when it has not been seen yet, or at the first look', () => {
    const scaled = outcomeOf(one, { result: 'scaled', decision: { replicas: 6 } });
    expect(manualOccurrence(scaled, outcomeOf(one, { desired: 6 }), undefined)).toEqual([]);
    expect(manualOccurrence(scaled, outcomeOf(one, { desired: 3 }), undefined)).toEqual([]);
    expect(manualOccurrence(undefined, outcomeOf(one, { desired: 6 }), undefined)).toEqual([]);
    const late = outcomeOf(one, { desired: 6 });
    expect(manualOccurrence(outcomeOf(one), late, 'sluice-operator')).toEqual([]);
    expect(manualOccurrence(outcomeOf(one), late, 'kubectl')).toHaveLength(1);
  });
});
