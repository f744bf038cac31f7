import { describe, expect, test } from 'vitest';
import type { Condition, StageScalerStatus } from '../api/v1alpha1.ts';
import { TargetError } from '../targets/target-error.ts';
import { admit } from './admission.ts';
import type { OutcomeParts } from './declaration.fixture.ts';
import { admitted, declare, outcomeOf, worldOf } from './declaration.fixture.ts';
import { nextStatus, statusChange } from './status.ts';
import type { Standing } from './verdicts.ts';

const one = declare('remote');
const now = '2026-01-01T00:00:10.000Z';

function statusOf(
  standing: Standing | undefined,
  before: StageScalerStatus = {},
  lastScaleTime?: string,
): StageScalerStatus | undefined {
  return nextStatus({ declaration: one, admission: admitted(one), standing, before, lastScaleTime, now });
}
const after = (parts: OutcomeParts, unknownTicks = 0, before: StageScalerStatus = {}) =>
  statusOf({ result: outcomeOf(one, parts), unknownTicks }, before)!;
const condition = (status: StageScalerStatus, type: Condition['type']) =>
  status.conditions?.find((one) => one.type === type);
const lost = { kind: 'unknown', reason: 'BrokerUnreachable', message: 'no broker answers' } as const;

test('before the first look there is nothing to say', () => {
  expect(statusOf(undefined)).toBeUndefined();
});

test('figures are rounded to three digits, and what is not known is left out', () => {
  expect(after({})).toMatchObject({
    observedGeneration: 1,
    currentReplicas: 3,
    desiredReplicas: 3,
    lagRecords: 100,
    arrivalPerSecond: 12.3,
    capacityPerReplica: 40.1,
    reason: 'Steady',
    lastDecision: { message: 'the arithmetic', inputs: { capacityPerReplica: 40.129 } },
  });
  expect(after({})).not.toHaveProperty('ageSeconds');
});

test('after a scaling the replicas are those that were set', () => {
  expect(after({ result: 'scaled', decision: { replicas: 6 } })).toMatchObject({ currentReplicas: 6 });
  expect(after({ result: 'dry-run', decision: { replicas: 6 } })).toMatchObject({
    currentReplicas: 3,
    desiredReplicas: 6,
  });
});

test('what was learned stays when it cannot be measured', () => {
  const before = { learned: { capacityPerReplica: 40, rebalanceSeconds: 3 } };
  const measured = { ...outcomeOf(one).decision.measured, capacitySource: 'hint', rebalances: 0 } as const;
  expect(after({ decision: { measured } }, 0, before).learned).toEqual({
    capacityPerReplica: 40,
    rebalanceSeconds: 3,
    coldStarts: [4],
  });
});

describe('the condition', () => {
  test('Ready says that all is well', () => {
    expect(condition(after({}), 'Ready')).toMatchObject({ status: 'True', reason: 'Observed' });
    expect(condition(after({}), 'ScalingActive')).toMatchObject({ status: 'True' });
  });

  test('Ready and LagKnown wait for a third look at what cannot be read', () => {
    expect(condition(after({ unknown: lost }, 2), 'Ready')).toBeUndefined();
    expect(condition(after({ unknown: lost }, 2), 'LagKnown')).toBeUndefined();
    const third = after({ unknown: lost }, 3);
    expect(condition(third, 'Ready')).toMatchObject({ status: 'False', reason: 'BrokerUnreachable' });
    expect(condition(third, 'LagKnown')).toMatchObject({ status: 'False', message: 'no broker answers' });
    expect(condition(third, 'ScalingActive')).toMatchObject({ status: 'False', reason: 'LagUnknown' });
  });

  test('Ready does not wait where a topic is missing', () => {
    const unknown = { kind: 'unknown', reason: 'TopicMissing', message: 'no topic t' } as const;
    expect(condition(after({ unknown }, 1), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'TopicMissing',
    });
  });

  test('Ready waits longer where replicas have not joined their group', () => {
    const unknown = { kind: 'unknown', reason: 'GroupMissing', message: 'no group g' } as const;
    expect(condition(after({ unknown }, 14), 'Ready')).toBeUndefined();
    expect(condition(after({ unknown }, 15), 'Ready')).toMatchObject({ reason: 'GroupMissing' });
  });

  test.each([
    ['paused', 'Paused'],
    ['dry-run', 'DryRun'],
  ] as const)('ScalingActive tells of %s', (result, reason) => {
    expect(condition(after({ result }), 'ScalingActive')).toMatchObject({ status: 'False', reason });
  });

  test('AbleToScale tells why a scaling failed', () => {
    const status = after({ result: 'failed', error: 'forbidden' });
    expect(condition(status, 'AbleToScale')).toMatchObject({ status: 'False', message: 'forbidden' });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'ScaleFailed' });
  });

  test('ScalingLimited tells that there are fewer partitions than maxReplicas', () => {
    expect(condition(after({ partitions: 4 }), 'ScalingLimited')).toMatchObject({
      status: 'True',
      reason: 'MaxReplicasAbovePartitions',
    });
    expect(condition(after({ partitions: 12 }), 'ScalingLimited')).toMatchObject({ status: 'False' });
  });

  test('of a refusal is Ready, and that nothing is scaled', () => {
    const admission = admit(one, worldOf({ declarations: [one], deployments: [] }));
    const input = { declaration: one, admission, standing: undefined, before: {}, now };
    const status = nextStatus({ ...input, lastScaleTime: undefined })!;
    expect(status.conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'TargetNotFound' },
      { type: 'AbleToScale', status: 'False' },
      { type: 'ScalingActive', status: 'False', reason: 'Refused' },
    ]);
    expect(status.reason).toBe('TargetNotFound');
  });

  test('of a target that cannot be read is AbleToScale', () => {
    const { scaler } = outcomeOf(one);
    const error = new TargetError('unreachable', 'nothing is known of it for 61 s');
    const status = statusOf({ result: { scaler, error }, unknownTicks: 1 })!;
    expect(condition(status, 'AbleToScale')).toMatchObject({ reason: 'TargetUnreadable' });
  });
});

describe('a change', () => {
  test('of time, inputs and alternatives alone is none', () => {
    const later = { result: outcomeOf(one, { decision: { message: 'other words' } }), unknownTicks: 0 };
    expect(statusChange(after({}), statusOf(later, after({}))!)).toBe('none');
  });

  test('of figures can wait, of replicas, reason and conditions it cannot', () => {
    expect(statusChange(after({}), after({ lagRecords: 200 }))).toBe('figures');
    expect(statusChange(after({}), after({ desired: 4 }))).toBe('material');
    expect(statusChange(after({}), after({ decision: { reason: 'Idle' } }))).toBe('material');
    expect(statusChange(after({}), after({ result: 'paused' }))).toBe('material');
  });
});
