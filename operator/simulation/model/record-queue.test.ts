import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AgeHistogram } from './age-histogram.ts';
import { RecordQueue } from './record-queue.ts';

test('the age of the head is that of the record that came when as many had come as have left', () => {
  const queue = new RecordQueue(1);
  for (let at = 1; at <= 10; at++) queue.push(100, at, at - 0.5);
  queue.take(250, 10);
  // 250 had come at 2.5 s.
  expect(queue.headAge(10)).toBeCloseTo(7.5);
  expect(queue.length).toBe(750);
  queue.take(750, 12);
  expect(queue.headAge(12)).toBe(0);
});

test('a segment keeps its beginning when the queue was empty before', () => {
  const queue = new RecordQueue(0.5);
  queue.push(10, 1, 1);
  queue.take(10, 1);
  queue.push(10, 8, 8);
  expect(queue.headAge(8)).toBeCloseTo(0.5);
  queue.take(5, 8);
  expect(queue.headAge(8)).toBeCloseTo(0.25);
});

test('ages are counted from the origin, weighted by records', () => {
  const queue = new RecordQueue(1);
  const ages = new AgeHistogram();
  queue.push(30, 5, 2);
  queue.push(10, 6, 6);
  expect(queue.take(40, 10, ages)).toBeCloseTo(30 * 2 + 10 * 6);
  expect(ages.records).toBe(40);
  expect(ages.maxSeconds).toBe(8);
  expect(ages.quantile(0.25)).toBeCloseTo(4.1);
  expect(ages.quantile(0.99)).toBeCloseTo(8.1);
  expect(ages.shareAbove(5)).toBeCloseTo(0.75);
});

test('no record is lost or made, and the head only gets younger by leaving', () => {
  const step = fc.record({
    came: fc.double({ min: 0, max: 50, noNaN: true }),
    left: fc.double({ min: 0, max: 60, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new RecordQueue(0.25);
      const ages = new AgeHistogram();
      let came = 0;
      for (const [index, { came: records, left }] of steps.entries()) {
        const at = (index + 1) * 0.25;
        queue.push(records, at, at);
        came += records;
        const before = queue.headAge(at);
        queue.take(Math.min(left, queue.length), at, ages);
        expect(queue.headAge(at)).toBeLessThanOrEqual(before + 1e-6);
      }
      expect(queue.arrived).toBeCloseTo(came, 5);
      expect(ages.records + queue.length).toBeCloseTo(came, 5);
    }),
  );
});
