import { expect, test } from 'vitest';
import { capacityOf, leastCapacity } from './capacity.ts';
import { NO_SERVICE_RATE } from './service-rate.ts';
import { newScalerState, type ScalerState } from './state.ts';
import { running, trialOf } from './test-observations.ts';

const AT = 1_000;
const memory = (
  busy: number | undefined,
  saturation: Partial<ScalerState['saturation']>,
  given: Partial<ScalerState> = {},
): ScalerState => {
  const state = newScalerState(0, running(1));
  return {
    ...state,
    at: AT,
    busy: { ...state.busy, perReplica: busy },
    saturation: { ...state.saturation, measuredAt: AT - 30, busyThen: busy, ...saturation },
    ...given,
  };
};

test.each([
  ['nothing is known', memory(undefined, {}), undefined, undefined],
  ['hinted', memory(undefined, {}), 25, [25, 'hint']],
  ['remembered', memory(undefined, {}, { rememberedCapacity: 30 }), 25, [30, 'hint']],
  ['as last saturated', memory(undefined, { perReplica: 40 }), 25, [40, 'saturated']],
  ['by busy time', memory(42, {}), 25, [42, 'busy-time']],
  ['by busy time, which saturated replicas confirm', memory(42, { perReplica: 40 }), 25, [42, 'busy-time']],
  ['as saturated, where that contradicts', memory(80, { perReplica: 40 }), 25, [40, 'saturated']],
  [
    'by busy time, where the contradiction is old',
    memory(80, { perReplica: 40, measuredAt: 880 }),
    25,
    [80, 'busy-time'],
  ],
  [
    'by busy time, when replicas have become slower since',
    memory(56, { perReplica: 110, busyThen: 112 }),
    25,
    [56, 'busy-time'],
  ],
  [
    'by busy time, when they have become faster',
    memory(112, { perReplica: 56, busyThen: 56 }),
    25,
    [112, 'busy-time'],
  ],
] as const)('what a replica can: %s', (...[, state, hint, expected]) => {
  const capacity = capacityOf(state, hint);
  expect(capacity && [capacity.perReplica, capacity.source]).toEqual(expected);
});

test('what saturated members settle, where they tell nothing of themselves: with how far off it may be', () => {
  const serviceRate = { ...NO_SERVICE_RATE, at: AT, records: 400, seconds: 10, doubt: 0.5 };
  const state = memory(undefined, { perReplica: 30 }, { serviceRate });
  const capacity = capacityOf(state, 25)!;
  expect(capacity).toEqual({ perReplica: 40, source: 'saturated', deviation: 0.05 });
  expect(leastCapacity(capacity, state)).toBeCloseTo(36);
  expect(capacityOf(memory(38, {}, { serviceRate }), 25)!.source).toBe('busy-time');
});

test.each([
  ['within what was not certain then', 350, 35],
  ['no less, since replicas may share a limit', 200, 32],
  ['no more', 600, 48],
])('while a scale-up is on trial, what members settle, %s', (_, records, expected) => {
  const trial = trialOf({ at: AT - 10, deviation: 0.1 });
  const serviceRate = { ...NO_SERVICE_RATE, at: AT, records, seconds: 10, doubt: 0.1 };
  const state = memory(undefined, {}, { serviceRate, bottleneck: { trial, ceiling: undefined } });
  expect(capacityOf(state, undefined)!.perReplica).toBeCloseTo(expected);
});

test('a trial from when nothing was known says nothing of what a replica can', () => {
  const trial = trialOf({ at: AT - 10, perReplica: 4, isKnown: false });
  const bottleneck = { trial, ceiling: undefined };
  expect(capacityOf(memory(undefined, {}, { bottleneck }), undefined)).toBeUndefined();
  const serviceRate = { ...NO_SERVICE_RATE, at: AT, records: 350, seconds: 10, doubt: 0.1 };
  const measured = capacityOf(memory(undefined, {}, { bottleneck, serviceRate }), undefined);
  expect(measured!.perReplica).toBeCloseTo(35);
});

test('while a scale-up is on trial, what a replica could before it', () => {
  const trial = trialOf({ at: AT - 10 });
  const state = memory(20, { perReplica: 20 }, { bottleneck: { trial, ceiling: undefined } });
  expect(capacityOf(state, undefined)?.perReplica).toBe(40);
});

test.each([
  ['what was measured when they were full, if less', memory(42, { perReplica: 40 }), 40],
  ['busy time, if less', memory(40, { perReplica: 42 }), 40],
  ['not what was measured long ago', memory(42, { perReplica: 40, measuredAt: 880 }), 42],
  [
    'less than before a trial',
    memory(
      20,
      {},
      {
        bottleneck: {
          trial: trialOf({ at: AT - 10 }),
          ceiling: undefined,
        },
      },
    ),
    20,
  ],
] as const)('fewer replicas must do by %s', (...[, state, expected]) => {
  expect(leastCapacity(capacityOf(state, undefined)!, state)).toBe(expected);
});
