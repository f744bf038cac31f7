import type { ReadFailure } from '../failure.ts';
import { failureOfCode } from '../failure.ts';
import { internals } from './internals.ts';

/** The failure behind an error code, with the protocol's name of it. */
export function failureOf(code: number, what: string): ReadFailure {
  return failureOfCode(code, internals.createErrorFromCode(code).type, what);
}
