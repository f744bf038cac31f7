import { expect, test } from 'vitest';
import type { Sample } from './scaling-record.ts';
import { summarize } from './scaling-record.ts';

const sample = (second: number, replicas: number, ageSeconds?: number): Sample => ({
  atMs: 1_000_000 + second * 1_000,
  replicas,
  readyReplicas: replicas,
  lagRecords: 5,
  ageSeconds,
  arrivalPerSecond: 40,
  reason: 'Steady',
});
const recording = [sample(0, 1, 0.5), sample(2, 1, 12), sample(5, 4, 11), sample(6, 4), sample(16, 2, 0.1)];

test('adds up what was late and what was paid for', () => {
  expect(summarize(recording, 10)).toEqual({
    seconds: 16,
    secondsOverObjective: 4,
    worstAgeSeconds: 12,
    replicaSeconds: 1 * 5 + 4 * 11,
    peakReplicas: 4,
    changes: ['5 s: 1 → 4', '16 s: 4 → 2'],
    ups: 1,
    downs: 1,
  });
});

test('nothing comes of nothing', () => {
  expect(summarize([], 10)).toMatchObject({ seconds: 0, replicaSeconds: 0, changes: [] });
});
