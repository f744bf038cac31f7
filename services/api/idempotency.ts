import type { IncomingMessage } from 'node:http';
import type { Mistake } from './problems.ts';
import { ProblemError } from './problems.ts';

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const KEY_MAX = 255;

export type HeaderValue =
  | { readonly value: string | undefined; readonly mistake?: undefined }
  | { readonly mistake: Mistake; readonly value?: undefined };

/** A header of 1 to `max` visible ASCII characters, if it was sent. */
export function tokenHeader(request: IncomingMessage, name: string, max: number): HeaderValue {
  const value = request.headers[name.toLowerCase()];
  if (value === undefined) return { value: undefined };
  if (typeof value === 'string' && value.length <= max && VISIBLE_ASCII.test(value)) return { value };
  const message = `must be 1 to ${max} visible ASCII characters, sent once`;
  return { mistake: { header: name, message } };
}

/** The Idempotency-Key header, if it was sent. */
export function idempotencyKey(request: IncomingMessage): HeaderValue {
  return tokenHeader(request, 'Idempotency-Key', KEY_MAX);
}

/** The idempotency keys that this process is working on. */
export interface InFlightKeys {
  /**
   * Runs `work` unless a request with this key is being worked on.
   * @throws ProblemError in-flight (as a rejection)
   */
  guard<Result>(key: string | undefined, work: () => Promise<Result>): Promise<Result>;
}

export function createInFlightKeys(): InFlightKeys {
  const keys = new Set<string>();
  return {
    async guard(key, work) {
      if (key === undefined) return work();
      if (keys.has(key)) throw inFlight(key);
      keys.add(key);
      try {
        return await work();
      } finally {
        keys.delete(key);
      }
    },
  };
}

/** Some other request holds the key, and its outcome is not known yet. */
export function inFlight(key: string): ProblemError {
  return new ProblemError({
    code: 'in-flight',
    detail: `A request with the idempotency key ${key} has not been answered yet; ask again in a second.`,
    headers: { 'Retry-After': '1' },
  });
}

/** The key names a request with another body. */
export function idempotencyConflict(key: string): ProblemError {
  return new ProblemError({
    code: 'idempotency-conflict',
    detail: `The idempotency key ${key} was used for another body; use a new key. Nothing was stored.`,
    errors: [{ header: 'Idempotency-Key', message: 'was used for another body' }],
  });
}
