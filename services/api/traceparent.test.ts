import { expect, test } from 'vitest';
import { setTrace, traceparentFor } from './traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const requestWith = (traceparent: string | undefined) => ({ req: { headers: { traceparent } }, state: {} });
const FORM = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

test("the client's trace goes on in a new span, with its flags", () => {
  const traceparent = traceparentFor(requestWith(`00-${TRACE}-${SPAN}-01`));
  expect(traceparent).toMatch(FORM);
  expect(traceparent).toContain(`00-${TRACE}-`);
  expect(traceparent).toMatch(/-01$/);
  expect(traceparent).not.toContain(SPAN);
});

test('a later version may have more fields', () => {
  expect(traceparentFor(requestWith(`01-${TRACE}-${SPAN}-01-more`))).toContain(TRACE);
});

test.each([
  undefined,
  '',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-more`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
])('%j is not one: a fresh trace, unsampled', (header) => {
  const traceparent = traceparentFor(requestWith(header));
  expect(traceparent).toMatch(FORM);
  expect(traceparent).not.toContain(TRACE);
  expect(traceparent).toMatch(/-00$/);
});

test('while the request has a span, that is it, recorded or not', () => {
  const request = requestWith(`00-${TRACE}-${SPAN}-01`);
  setTrace(request, { traceparent: `00-${TRACE}-b7ad6b7169203331-00`, run: (work) => work() });
  expect(traceparentFor(request)).toBe(`00-${TRACE}-b7ad6b7169203331-00`);
});
