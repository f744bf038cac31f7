import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCommitMetadata } from './commit-metadata.ts';

test('the example of docs/commit-metadata.md', () => {
  const text = '{ "v": 1, "r": "9f3c21ab", "b": 12.345, "n": 48211, "f": 37 }';
  expect(decodeCommitMetadata(text)).toEqual({
    replica: '9f3c21ab',
    busySeconds: 12.345,
    settled: 48_211,
    inFlight: 37,
  });
});

test.each([
  ['nothing', null],
  ['an empty text', ''],
  ['no JSON', '{"v":1,'],
  ['JSON that is no object', '[1]'],
  ['a later version', '{"v":2,"r":"a","b":1,"n":1,"f":0}'],
  ['no replica', '{"v":1,"r":"","b":1,"n":1,"f":0}'],
  ['a replica with a long name', `{"v":1,"r":"${'a'.repeat(65)}","b":1,"n":1,"f":0}`],
  ['a negative counter', '{"v":1,"r":"a","b":-1,"n":1,"f":0}'],
  ['half a message', '{"v":1,"r":"a","b":1,"n":1.5,"f":0}'],
  ['more than a number can say', '{"v":1,"r":"a","b":1e999,"n":1,"f":0}'],
  ['a text for a number', '{"v":1,"r":"a","b":1,"n":"1","f":0}'],
  ['a field that is missing', '{"v":1,"r":"a","b":1,"n":1}'],
])('%s is not of this format', (_what, text) => {
  expect(decodeCommitMetadata(text)).toBeUndefined();
});

test('no text of another client makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => decodeCommitMetadata(text)).not.toThrow();
    }),
  );
});
