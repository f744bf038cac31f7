import { afterEach, expect, test } from 'vitest';
import type { Registration } from './registration.ts';
import { setRegistration } from './registration.ts';
import { assertInstrumented, NotInstrumentedError } from './self-test.ts';

function patched(method: () => void): () => void {
  return Object.assign(method, { __wrapped: true });
}
const koa = { prototype: { use: () => {} } };
const pg = { Client: { prototype: { query: () => {} } } };

afterEach(() => setRegistration(undefined));

test('with tracing off nothing is asked for', () => {
  expect(() => assertInstrumented({ koa, pg })).not.toThrow();
});

test('with tracing on, what is not patched is named', () => {
  setRegistration({ shutdown: () => Promise.resolve() } as Registration);
  expect(() => assertInstrumented({ koa, pg })).toThrow(NotInstrumentedError);
  expect(() => assertInstrumented({ koa, pg })).toThrow(/http\.Server\.emit, Koa\.use, pg\.Client\.query/);
  const good = { koa: { prototype: { use: patched(() => {}) } } };
  expect(() => assertInstrumented(good)).toThrow(/on, but http\.Server\.emit is not/);
});
