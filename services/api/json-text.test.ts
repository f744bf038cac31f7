import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locateJsonError } from './json-position.ts';
import { MAX_DEPTH, parseJson } from './json-text.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

describe('parseJson refuses what cannot be kept, and says where', () => {
  test.each([
    ['', 'bad-json', 'empty'],
    [' \n', 'bad-json', 'empty'],
    ['{"a":1', 'bad-json', 'ends too early'],
    ['{"a": tru}', 'bad-json', 'unexpected "t" at line 1, column 7'],
    ['{"a":1}\n{', 'bad-json', 'unexpected "{" at line 2, column 1'],
    ['{"a":"b\u0001"}', 'bad-json', 'unexpected U+0001 at line 1, column 8'],
    ['[1,]', 'bad-json', 'unexpected "]" at line 1, column 4'],
    ['{"a":{"__proto__":1}}', 'unsafe-json', '/a/__proto__'],
    ['{"\\u005f_proto__":1}', 'unsafe-json', '/__proto__'],
    ['[{"constructor":{"prototype":1}}]', 'unsafe-json', '/0/constructor/prototype'],
    ['{"a":["x\\u0000"]}', 'unsafe-json', '/a/0'],
    ['{"a\\u0000":1}', 'unsafe-json', 'U+0000'],
    ['{"a":"\\ud800"}', 'unsafe-json', '/a holds half of a surrogate pair'],
    ['{"\\udc00":1}', 'unsafe-json', 'half of a surrogate pair'],
    ['{"n":1e400}', 'unsafe-json', '/n is a number too large'],
    ['{"n":9007199254740993}', 'unsafe-json', '/n is an integer beyond'],
    ['{"~/":{"n":1e400}}', 'unsafe-json', '/~0~1/n'],
  ])('%j: %s, %s', (text, code, detail) => {
    const { problem } = parse(text);
    expect(problem?.code).toBe(code);
    expect(problem?.detail).toContain(detail);
  });

  test('nesting beyond the limit', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parse(nested(MAX_DEPTH)).problem).toBeUndefined();
    expect(parse(nested(MAX_DEPTH + 1)).problem?.code).toBe('unsafe-json');
    expect(parse(nested(30_000)).problem?.code).toBe('unsafe-json');
  });

  test.each([
    [[0x22, 0xc3, 0x28, 0x22], 'byte 3'],
    [[0x22, 0xed, 0xa0, 0x80, 0x22], 'byte 3'],
    [[0x22, 0xff], 'byte 2'],
    [[0x22, 0xe2, 0x82], 'byte 3'],
  ])('bytes %j that are not UTF-8: %s', (bytes, place) => {
    const { problem } = parseJson(Buffer.from(bytes));
    expect(problem?.code).toBe('bad-utf8');
    expect(problem?.detail).toContain(place);
  });
});

describe('parseJson keeps everything else', () => {
  test.each(['{"a":1,"a":2}', '\ufeff{"a":2}', '{"a":2}'])('%j', (text) => {
    expect(parse(text)).toEqual({ value: { a: 2 } });
  });

  test('a member named constructor, or prototype, by itself', () => {
    expect(parse('{"constructor":"x","prototype":{}}').problem).toBeUndefined();
  });

  test('any JSON value without the flaws above', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const parsed = parse(text);
        fc.pre(parsed.problem?.code !== 'unsafe-json');
        expect(parsed).toEqual({ value: JSON.parse(text) as unknown });
      }),
    );
  });
});

test('no bytes whatsoever make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const { value, problem } = parseJson(Buffer.from(bytes));
      expect(value === undefined).not.toBe(problem === undefined);
    }),
  );
});

describe('locateJsonError', () => {
  /** Texts near JSON: a value with one character taken out, put in or changed. */
  const nearJson = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '0', '-', '.', 'e', '\u0001', ' '),
    )
    .map(
      ([text, at, char]) =>
        text.slice(0, at % (text.length + 1)) + char + text.slice((at % (text.length + 1)) + 1),
    );

  test('finds an error exactly where JSON.parse finds one', () => {
    fc.assert(
      fc.property(nearJson, (text) => {
        expect(locateJsonError(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 1_000 },
    );
  });

  test('what comes before the place could still become JSON', () => {
    fc.assert(
      fc.property(nearJson, (text) => {
        const found = locateJsonError(text);
        if (!found) return;
        const again = locateJsonError(text.slice(0, found.offset));
        expect(again === undefined || again.offset <= found.offset).toBe(true);
      }),
    );
  });

  function isJson(text: string): boolean {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  }
});
