import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram } from './histogram.ts';

const durations = fc.array(fc.double({ min: 0.02, max: 60_000, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});

test('percentiles are exact to one per cent', () => {
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99, 1), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!;
      const found = histogram.percentile(share)!;
      expect(found / exact).toBeGreaterThanOrEqual(1 - 1e-9);
      expect(found / exact).toBeLessThanOrEqual(1.0101);
    }),
  );
});

test('merging histograms is the same as recording everything in one', () => {
  fc.assert(
    fc.property(durations, durations, (left, right) => {
      const [a, b, all] = [new Histogram(), new Histogram(), new Histogram()];
      for (const value of left) a.record(value);
      for (const value of right) b.record(value);
      for (const value of [...left, ...right]) all.record(value);
      a.merge(b.toData());
      expect(a.toData()).toEqual({ ...all.toData(), sum: a.toData().sum });
      expect(a.toData().sum).toBeCloseTo(all.toData().sum, 3);
    }),
  );
});

test('an empty histogram knows no percentile and changes nothing when merged', () => {
  const histogram = new Histogram();
  expect(histogram.percentile(0.5)).toBeUndefined();
  histogram.record(5);
  histogram.merge(new Histogram().toData());
  expect(histogram.toData()).toMatchObject({ count: 1, min: 5, max: 5 });
});
