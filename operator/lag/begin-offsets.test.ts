import { expect, test } from 'vitest';
import { BeginOffsets } from './begin-offsets.ts';

const of = { topic: 't', partition: 0 };

test('is due at first, and again when it is too old', () => {
  const begins = new BeginOffsets(30_000);
  expect(begins.isDue(of, 0)).toBe(true);
  begins.note(of, 5, 0);
  expect(begins.isDue(of, 29_999)).toBe(false);
  expect(begins.isDue(of, 30_000)).toBe(true);
  expect(begins.get(of)).toBe(5);
  expect(begins.get({ topic: 't', partition: 1 })).toBeUndefined();
});

test('an end that moves on agrees; one that falls makes the begin forgotten', () => {
  const begins = new BeginOffsets(30_000);
  begins.note(of, 5, 0);
  expect([5, 9, 9, 12].map((end) => begins.agrees(of, end))).toEqual([true, true, true, true]);
  expect(begins.agrees(of, 11)).toBe(false);
  expect(begins.get(of)).toBeUndefined();
  expect(begins.isDue(of, 1)).toBe(true);
});

test('an end before the begin does not agree, even when no end was known', () => {
  const begins = new BeginOffsets(30_000);
  begins.note(of, 5, 0);
  expect(begins.agrees(of, 4)).toBe(false);
});

test('reading the begin again does not forget the end', () => {
  const begins = new BeginOffsets(30_000);
  begins.note(of, 5, 0);
  begins.agrees(of, 20);
  begins.note(of, 6, 30_000);
  expect(begins.agrees(of, 19)).toBe(false);
});
