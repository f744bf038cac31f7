import { createContextKey, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { contextOf, SingleContext } from './single-context.ts';

const span = trace.wrapSpanContext({ ...INVALID_SPAN_CONTEXT, traceFlags: 1 });
const one = createContextKey('test.one');
const other = createContextKey('test.other');

test('the API finds the span where it would have put it itself', () => {
  expect(trace.getSpan(contextOf(span))).toBe(span);
  expect(trace.getSpan(trace.deleteSpan(contextOf(span)))).toBeUndefined();
  expect(trace.getSpan(contextOf(span).setValue(one, 1))).toBe(span);
});

test('is a context as those of the API', () => {
  for (const context of [new SingleContext(one, 1), ROOT_CONTEXT.setValue(one, 1)]) {
    expect([context.getValue(one), context.getValue(other)]).toEqual([1, undefined]);
    const more = context.setValue(other, 2);
    expect([more.getValue(one), more.getValue(other)]).toEqual([1, 2]);
    expect(context.setValue(one, 3).getValue(one)).toBe(3);
    expect(context.getValue(one)).toBe(1);
    expect(context.deleteValue(one).getValue(one)).toBeUndefined();
    expect(context.deleteValue(other).getValue(one)).toBe(1);
  }
});
