import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { escapePointer } from './json-text.ts';
import type { Mistake } from './problems.ts';

/** Checks a value; every mistake at once, none when it is valid. */
export type Validator = (value: unknown) => readonly Mistake[];

export interface Validation {
  /**
   * Compiles a JSON Schema (2020-12); `root` is the JSON Pointer of the value within the body.
   * @throws Error when the schema itself is wrong
   */
  compile(schema: object, root?: string): Validator;
}

const NONE: readonly Mistake[] = [];

/** One Ajv for all schemas of the API: strict, so that a misspelt keyword in a schema is found at start. */
export function createValidation(): Validation {
  const ajv = new Ajv2020({ allErrors: true, strict: true, verbose: true });
  formats.default(ajv);
  return {
    compile(schema, root = '') {
      const validate: ValidateFunction = ajv.compile(schema);
      return (value) => (validate(value) ? NONE : mistakesOf(validate.errors ?? [], root));
    },
  };
}

function mistakesOf(errors: readonly ErrorObject[], root: string): Mistake[] {
  return errors.map((error) => ({ field: root + fieldOf(error), message: messageOf(error) }));
}

function fieldOf(error: ErrorObject): string {
  const { params, instancePath } = error;
  const name: unknown =
    params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'];
  return typeof name === 'string' ? `${instancePath}/${escapePointer(name)}` : instancePath;
}

function messageOf(error: ErrorObject): string {
  const { keyword, params, data } = error;
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `is not a known field${knownFields(error)}`;
    case 'type':
      return `must be ${article(String(params['type']))}, not ${typeOf(data)}`;
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).map((v) => JSON.stringify(v)).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'pattern':
      return `must match ${String(params['pattern'])}${described(error)}`;
    case 'format':
      return `must be a valid ${String(params['format'])}${described(error)}`;
    default:
      return `${(error.message ?? 'is not valid').replace('NOT', 'not')}${described(error)}`;
  }
}

function knownFields(error: ErrorObject): string {
  const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
  return known.length === 0 ? '' : `; known are ${known.join(', ')}`;
}

function described(error: ErrorObject): string {
  const description: unknown = error.parentSchema?.['description'];
  return typeof description === 'string' ? ` (${description})` : '';
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction';
  return article(typeof value);
}
