import { expect, test } from 'vitest';
import { drawScaling } from './scaling-picture.ts';
import type { Sample } from './scaling-record.ts';

const sample = (second: number, replicas: number): Sample => ({
  atMs: 1_000_000 + second * 1_000,
  replicas,
  readyReplicas: replicas,
  lagRecords: 5,
  ageSeconds: undefined,
  arrivalPerSecond: 40,
  reason: 'Steady',
});

test('a recording becomes a picture with its title', () => {
  const svg = drawScaling('remote: 8, 60, 8 per second', [sample(0, 1), sample(30, 4)], 10);
  expect(svg).toContain('remote: 8, 60, 8 per second');
  expect(svg).toContain('age: seconds the oldest record has waited');
});

test('more replicas make another picture', () => {
  const samples = [sample(0, 1), sample(30, 4)];
  expect(drawScaling('', samples, 10)).not.toBe(drawScaling('', [sample(0, 1), sample(30, 1)], 10));
});
