import { expect, test } from 'vitest';
import type { Sample } from './arrivals.ts';
import { rampOf } from './ramp.ts';

function written(rate: (at: number) => number, seconds = 62): Sample[] {
  let total = 0;
  const samples: Sample[] = [];
  for (let at = 0; at <= seconds; at += 2) {
    total += at === 0 ? 0 : 2 * rate(at - 1);
    samples.push([at, total, total]);
  }
  return samples;
}

test('a load that grows by 2/s each second is a ramp of slope 2', () => {
  expect(
    rampOf(
      written((at) => 100 + 2 * at),
      1,
    ),
  ).toMatchObject({
    slope: expect.closeTo(2, 6),
    perSecond: expect.closeTo(100 + 2 * 62, 0),
  });
});

test.each([
  ['steady load', () => 100],
  ['a step at the border of a block', (at: number) => (at > 38 ? 300 : 30)],
  ['a step within a block', (at: number) => (at > 44 ? 300 : 30)],
  ['a step a moment ago', (at: number) => (at > 58 ? 300 : 30)],
  ['a falling load', (at: number) => 300 - 2 * at],
  ['a hump', (at: number) => (at > 20 && at < 40 ? 300 : 100)],
  ['less growth than chance may bring', (at: number) => 5 + 0.02 * at],
])('%s is no ramp', (_, rate) => {
  expect(rampOf(written(rate), 1)).toBeUndefined();
});

test('less than a minute is too short to tell', () => {
  expect(
    rampOf(
      written((at) => 100 + 5 * at, 50),
      1,
    ),
  ).toBeUndefined();
});

test('the noisier the load, the more it must have grown', () => {
  const samples = written((at) => 100 + at);
  expect(rampOf(samples, 1)).toBeDefined();
  expect(rampOf(samples, 50)).toBeUndefined();
});
