import { expect, test } from 'vitest';
import { arrivalRate, countOver, dispersionOf, type Sample, withSample } from './arrivals.ts';

/** Samples every two seconds; `rate` of the interval that ends at that second. */
function written(seconds: number, rate: (at: number) => number): Sample[] {
  let total = 0;
  const samples: Sample[] = [];
  for (let at = 0; at <= seconds; at += 2) {
    total += at === 0 ? 0 : 2 * rate(at);
    samples.push([at, total, total]);
  }
  return samples;
}

/** 244/s in the look in which the step came, and 328/s by chance in the next. */
const partOfStep = (at: number): number => (at > 58 ? 328 : at > 56 ? 244 : 30);

test.each([
  ['steady load is read over a minute', () => 50, 50, 60],
  ['a step is believed at the first look', (at: number) => (at > 58 ? 300 : 30), 300, 2],
  ['a step six seconds ago is read since then', (at: number) => (at > 54 ? 300 : 30), 300, 6],
  ['and from then on over more', (at: number) => (at > 46 ? 300 : 30), 300, 14],
  ['a first look that holds a part of a step is not believed alone', partOfStep, 286, 4],
  ['a fall is believed as a step is', (at: number) => (at > 40 ? 30 : 300), 30, 20],
  ['a few records more are chance', (at: number) => (at > 58 ? 4 : 2), 122 / 60, 60],
  ['nothing is nothing', () => 0, 0, 60],
])('%s', (_, rate, perSecond, seconds) => {
  expect(arrivalRate(written(60, rate), 1)).toMatchObject({
    perSecond: expect.closeTo(perSecond, 1),
    seconds,
  });
});

test('what is certain is two deviations lower', () => {
  const { certainPerSecond } = arrivalRate(
    written(60, () => 50),
    1,
  )!;
  expect(certainPerSecond).toBeCloseTo(50 - (2 * Math.sqrt(3_000)) / 60, 9);
});

test('one look tells no rate, two do', () => {
  expect(
    arrivalRate(
      written(0, () => 50),
      1,
    ),
  ).toBeUndefined();
  expect(
    arrivalRate(
      written(2, () => 50),
      1,
    ),
  ).toMatchObject({ perSecond: 50, seconds: 2 });
});

test('counts over the window, or over what there is', () => {
  const samples = written(30, () => 10);
  expect(countOver(samples, 6)).toEqual({ records: 60, seconds: 6 });
  expect(countOver(samples, 60)).toEqual({ records: 300, seconds: 30 });
  expect(
    countOver(
      [
        [0, 0, 0],
        [9, 90, 0],
      ],
      2,
    ),
  ).toEqual({ records: 90, seconds: 9 });
});

test('arrivals in batches scatter more, steps and ramps do not count as scatter', () => {
  expect(dispersionOf(written(60, () => 100))).toBe(1);
  expect(dispersionOf(written(60, (at) => (at % 4 === 0 ? 200 : 0)))).toBeGreaterThan(50);
  expect(dispersionOf(written(60, (at) => (at > 30 ? 1_000 : 10)))).toBe(1);
  expect(dispersionOf(written(60, (at) => 10 * at))).toBeLessThan(5);
  expect(dispersionOf(written(10, (at) => (at % 4 === 0 ? 200 : 0)))).toBe(1);
});

test('samples stay few however often is looked', () => {
  let samples: readonly Sample[] = [];
  for (let at = 0; at < 300; at += 0.5) samples = withSample(samples, [at, 10 * at, 0]);
  expect(samples.length).toBeLessThan(40);
  expect(samples.at(-1)![0] - samples[0]![0]).toBeGreaterThanOrEqual(60);
  expect(arrivalRate(samples, 1)).toMatchObject({ perSecond: 10, seconds: expect.closeTo(60, -1) });
});
