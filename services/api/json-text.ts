import { isUtf8 } from 'node:buffer';
import secureJson from 'secure-json-parse';
import type { Problem } from './problems.ts';
import { locateJsonError } from './json-position.ts';

export type Parsed<Value> =
  | { readonly value: Value; readonly problem?: undefined }
  | { readonly problem: Problem; readonly value?: undefined };

/** Objects and arrays within each other, at the most. */
export const MAX_DEPTH = 32;

/**
 * Reads JSON that can be stored and passed on as it was sent. Refused are: bytes that are not UTF-8, text that
 * is not JSON, `__proto__` and `constructor.prototype`, U+0000 and lone surrogates in any string or name
 * (Postgres keeps neither), numbers that a double cannot hold exactly, and nesting deeper than MAX_DEPTH.
 * Of members with equal names the last one counts, as in ECMA-262.
 */
export function parseJson(bytes: Buffer): Parsed<unknown> {
  if (!isUtf8(bytes)) return { problem: badUtf8(bytes) };
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = secureJson.parse(text);
  } catch (error) {
    return { problem: syntaxProblem(text, error) };
  }
  const flaw = findFlaw(value, '', 0);
  return flaw ? { problem: unsafe(flaw) } : { value };
}

interface Flaw {
  readonly field: string;
  readonly message: string;
}

function findFlaw(value: unknown, field: string, depth: number): Flaw | undefined {
  if (typeof value === 'string') return flawOfText(value, field);
  if (typeof value === 'number') return flawOfNumber(value, field);
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return { field, message: `is nested deeper than ${MAX_DEPTH} levels` };
  for (const [name, member] of Object.entries(value)) {
    const flaw =
      flawOfText(name, field, 'has a name that ') ??
      findFlaw(member, `${field}/${escapePointer(name)}`, depth + 1);
    if (flaw) return flaw;
  }
  return undefined;
}

function flawOfText(text: string, field: string, prefix = ''): Flaw | undefined {
  if (text.includes('\u0000')) return { field, message: `${prefix}holds the character U+0000` };
  if (!text.isWellFormed())
    return { field, message: `${prefix}holds half of a surrogate pair, which is not a character` };
  return undefined;
}

function flawOfNumber(value: number, field: string): Flaw | undefined {
  if (!Number.isFinite(value)) return { field, message: 'is a number too large to be kept' };
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return {
      field,
      message: 'is an integer beyond 2^53 - 1, which is not kept exactly; send it as a string',
    };
  return undefined;
}

/** One reference token of a JSON Pointer. */
export function escapePointer(name: string): string {
  const escaped = /[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name;
  return escaped.toWellFormed();
}

function unsafe(flaw: Flaw): Problem {
  const place = flaw.field === '' ? 'The body' : `The value at ${flaw.field}`;
  return {
    code: 'unsafe-json',
    detail: `${place} ${flaw.message}. Nothing was stored.`,
    errors: [flaw],
  };
}

function syntaxProblem(text: string, error: unknown): Problem {
  if (text.trim() === '') return { code: 'bad-json', detail: 'The body is empty; send a JSON object.' };
  const found = locateJsonError(text);
  if (!found) return forbiddenName(text, error);
  const { line, column, offset } = found;
  const what = offset >= text.length ? 'it ends too early' : `unexpected ${describe(text, offset)}`;
  return {
    code: 'bad-json',
    detail: `The body is not JSON: ${what} at line ${line}, column ${column} (character ${offset + 1}).`,
    members: { position: found },
  };
}

/** The parser does not say where: looked for here, in a value that goes nowhere else. */
function forbiddenName(text: string, error: unknown): Problem {
  if (!(error instanceof SyntaxError)) throw error;
  const field = findForbidden(JSON.parse(text.replace(/^\ufeff/, '')), '', 0);
  return unsafe({ field: field ?? '', message: 'could change the prototype of an object; use another name' });
}

function findForbidden(value: unknown, field: string, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const at = `${field}/${escapePointer(name)}`;
    if (name === '__proto__') return at;
    if (
      name === 'constructor' &&
      typeof member === 'object' &&
      member !== null &&
      Object.hasOwn(member, 'prototype')
    )
      return `${at}/prototype`;
    const within = findForbidden(member, at, depth + 1);
    if (within !== undefined) return within;
  }
  return undefined;
}

function describe(text: string, offset: number): string {
  const point = text.codePointAt(offset)!;
  const visible = point > 0x20 && point !== 0x7f;
  return visible
    ? `"${String.fromCodePoint(point)}"`
    : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}

function badUtf8(bytes: Buffer): Problem {
  return {
    code: 'bad-utf8',
    detail: `The body is not UTF-8: byte ${firstBadByte(bytes) + 1} does not continue a character.`,
  };
}

/** Index of the byte that breaks UTF-8, by bisection: a prefix that only ends early still decodes. */
function firstBadByte(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isPrefixOfUtf8(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isPrefixOfUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
