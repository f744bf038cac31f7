import { expect, test } from 'vitest';
import type { EventNote } from './event-recorder.ts';
import { EventSeries } from './event-series.ts';

function note(text: string, name = 'remote'): EventNote {
  return {
    regarding: { apiVersion: 'sluice.dev/v1alpha1', kind: 'StageScaler', namespace: 'default', name },
    type: 'Normal',
    reason: 'ScaledUp',
    action: 'Scaled',
    note: text,
  };
}

test('what is said again is counted on the first Event, at most once a minute', () => {
  let now = 0;
  const series = new EventSeries(() => now);
  expect(series.tell(note('a'))).toEqual({ kind: 'first' });
  series.name(note('a'), 'remote.1');
  expect(series.tell(note('a'))).toEqual({ kind: 'quiet' });
  now = 61_000;
  expect(series.tell(note('a'))).toEqual({ kind: 'again', name: 'remote.1', count: 3 });
  expect(series.tell(note('a'))).toEqual({ kind: 'quiet' });
  expect(series.tell(note('b'))).toEqual({ kind: 'first' });
});

test('what has not been said for ten minutes is new', () => {
  let now = 0;
  const series = new EventSeries(() => now);
  series.tell(note('a'));
  now = 601_000;
  expect(series.tell(note('a'))).toEqual({ kind: 'first' });
});

test('one object can say only so much; another is not silenced by it', () => {
  let now = 0;
  const series = new EventSeries(() => now);
  const told = Array.from({ length: 100 }, (_, index) => series.tell(note(`n${index}`)).kind);
  expect(told.filter((kind) => kind === 'first').length).toBe(25);
  expect(series.tell(note('x', 'other')).kind).toBe('first');
  now = 31_000;
  expect(series.tell(note('later')).kind).toBe('first');
  expect(series.tell(note('too soon')).kind).toBe('quiet');
});
