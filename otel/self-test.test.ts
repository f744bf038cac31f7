import { afterEach, expect, test } from 'vitest';
import type { Registration } from './registration.ts';
import { setRegistration } from './registration.ts';
import { assertInstrumented, NotInstrumentedError } from './self-test.ts';

const pg = { Client: { prototype: { query: () => {} } } };
const patched = { Client: { prototype: { query: Object.assign(() => {}, { __wrapped: true }) } } };

afterEach(() => setRegistration(undefined));

test('with tracing off nothing is asked for', () => {
  expect(() => assertInstrumented(pg)).not.toThrow();
});

test('with tracing on, what is not patched is named', () => {
  setRegistration({ shutdown: () => Promise.resolve() } as Registration);
  expect(() => assertInstrumented(patched)).not.toThrow();
  expect(() => assertInstrumented(pg)).toThrow(NotInstrumentedError);
  expect(() => assertInstrumented(pg)).toThrow(/on, but pg\.Client\.query is not/);
});
