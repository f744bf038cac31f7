/** A place in a text; line and column count from 1, offset (UTF-16 code units) from 0. */
export interface TextPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
// Any character from the space up, but for the quote and the backslash.
const STRING = /"[ !#-Z[\]^-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-Z[\]^-\uffff]*)*"/y;
const STRING_START = /"[ !#-Z[\]^-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-Z[\]^-\uffff]*)*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;
const LITERAL = /(?:true|false|null)(?!\w)/y;

/** What may come next; `first…` also allows the closing bracket of an empty array or object. */
type Expecting = 'value' | 'firstValue' | 'name' | 'firstName' | 'colon' | 'commaOrEnd';

/**
 * Where a text stops being JSON (RFC 8259), or undefined when it is JSON. JSON.parse does not always say, and
 * never in terms of lines. Only for texts that JSON.parse has refused.
 */
export function locateJsonError(text: string): TextPosition | undefined {
  const open: string[] = [];
  let expecting: Expecting = 'value';
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (;;) {
    at = skip(SPACE, text, at) ?? at;
    if (at >= text.length && open.length === 0 && expecting === 'commaOrEnd') return undefined;
    const step = advance(text, at, expecting, open);
    if (step === undefined) return positionOf(text, brokenAt(text, at, expecting));
    expecting = step.expecting;
    at = step.at;
  }
}

interface Step {
  readonly expecting: Expecting;
  readonly at: number;
}

function advance(text: string, at: number, expecting: Expecting, open: string[]): Step | undefined {
  const char = text[at];
  switch (expecting) {
    case 'colon':
      return char === ':' ? { expecting: 'value', at: at + 1 } : undefined;
    case 'commaOrEnd':
      return closing(char, at, open) ?? comma(char, at, open);
    case 'name':
      return name(text, at);
    case 'firstName':
      return name(text, at) ?? closing(char, at, open);
    case 'value':
      return value(text, at, open);
    case 'firstValue':
      return value(text, at, open) ?? closing(char, at, open);
  }
}

/** A string that breaks off does so within, not at its quote. */
function brokenAt(text: string, at: number, expecting: Expecting): number {
  if (expecting === 'colon' || expecting === 'commaOrEnd') return at;
  return skip(STRING_START, text, at) ?? at;
}

function closing(char: string | undefined, at: number, open: string[]): Step | undefined {
  if (char === undefined || open.at(-1) !== char) return undefined;
  open.pop();
  return { expecting: 'commaOrEnd', at: at + 1 };
}

function comma(char: string | undefined, at: number, open: string[]): Step | undefined {
  if (char !== ',' || open.length === 0) return undefined;
  return { expecting: open.at(-1) === '}' ? 'name' : 'value', at: at + 1 };
}

function name(text: string, at: number): Step | undefined {
  const end = skip(STRING, text, at);
  return end === undefined ? undefined : { expecting: 'colon', at: end };
}

function value(text: string, at: number, open: string[]): Step | undefined {
  if (text[at] === '{') {
    open.push('}');
    return { expecting: 'firstName', at: at + 1 };
  }
  if (text[at] === '[') {
    open.push(']');
    return { expecting: 'firstValue', at: at + 1 };
  }
  const end = skip(STRING, text, at) ?? skip(NUMBER, text, at) ?? skip(LITERAL, text, at);
  return end === undefined ? undefined : { expecting: 'commaOrEnd', at: end };
}

function skip(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { offset, line, column: offset - before.lastIndexOf('\n') };
}
