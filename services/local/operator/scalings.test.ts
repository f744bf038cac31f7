import { expect, test } from 'vitest';
import type { ScalerState } from './operator-client.ts';
import { newScalings, watchScalings } from './scalings.ts';

const state = (change: Partial<ScalerState> = {}): ScalerState => ({
  name: 'remote',
  mode: 'active',
  objectiveSeconds: 10,
  desired: 1,
  ready: 1,
  decided: 1,
  lagKnown: true,
  measured: {},
  reason: 'Steady',
  message: 'enough',
  result: 'held',
  ...change,
});
const up = state({ decided: 3, reason: 'LoadAboveCapacity', message: '3 are needed', result: 'scaled' });

test('a change is told once, however often it is seen', () => {
  expect(newScalings([state()], [up], 'now')).toEqual([
    { at: 'now', stage: 'remote', from: 1, to: 3, reason: 'LoadAboveCapacity', message: '3 are needed' },
  ]);
  expect(newScalings([up], [up], 'now')).toEqual([]);
  const higher = { ...up, desired: 3, decided: 6 };
  expect(newScalings([up], [higher], 'now')).toMatchObject([{ from: 3, to: 6 }]);
});

test('what is held, paused or refused is no change', () => {
  for (const result of ['held', 'paused', 'dry-run', 'failed', 'unread'])
    expect(newScalings([], [{ ...up, result }], 'now')).toEqual([]);
});

test('watches on when the operator does not answer', async () => {
  const stop = new AbortController();
  const answers = [() => Promise.resolve([state()]), () => Promise.reject(new Error('away'))];
  const told: number[] = [];
  await watchScalings({
    read: () => (answers.shift() ?? (() => Promise.resolve([up])))(),
    onScaling: ({ to }) => {
      told.push(to);
      stop.abort();
    },
    signal: stop.signal,
  });
  expect(told).toEqual([3]);
});
