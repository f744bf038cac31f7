/** One mistake, with the place it is in. */
export interface Mistake {
  /** JSON Pointer into the body (RFC 6901); '' is the body itself. */
  readonly field?: string;
  /** Name of the header field at fault. */
  readonly header?: string;
  /** Name of the query parameter at fault. */
  readonly parameter?: string;
  readonly message: string;
}

interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
}

/** Every error the API can answer with. The code is the last part of the problem's `type`. */
export const PROBLEMS = {
  'bad-http': { status: 400, title: 'The request is not HTTP' },
  'bad-json': { status: 400, title: 'The body is not JSON' },
  'bad-utf8': { status: 400, title: 'The body is not UTF-8' },
  'unsafe-json': { status: 400, title: 'The body holds JSON that cannot be kept as it is' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'incomplete-body': { status: 400, title: 'The body ended early' },
  'route-unknown': { status: 404, title: 'There is nothing at this path' },
  'id-malformed': { status: 404, title: 'This is not the id of a transaction' },
  'id-unknown': { status: 404, title: 'There is no such transaction' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'body-timeout': { status: 408, title: 'The request took too long to arrive' },
  'in-flight': { status: 409, title: 'A request with this idempotency key is being worked on' },
  'too-large': { status: 413, title: 'The body is too large' },
  'line-too-long': { status: 413, title: 'The line is too long' },
  'media-type': { status: 415, title: 'The media type is not supported' },
  'content-encoding': { status: 415, title: 'The content encoding is not supported' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  'idempotency-conflict': { status: 422, title: 'The idempotency key was used for another request' },
  'line-conflict': { status: 422, title: 'This line of the batch was submitted with other content' },
  rejected: { status: 422, title: 'The transaction was rejected' },
  declined: { status: 422, title: 'The remote system declined the transaction' },
  ended: { status: 422, title: 'The transaction did not succeed' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  'remote-unavailable': { status: 502, title: 'The remote system could not be reached' },
  overloaded: { status: 503, title: 'There is too much work at the moment' },
  'store-unavailable': { status: 503, title: 'The database cannot be reached at the moment' },
  stopping: { status: 503, title: 'This process is about to stop' },
  'remote-unclear': { status: 504, title: 'The remote system did not say what became of the call' },
} as const satisfies Record<string, CatalogueEntry>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A problem as a value: what a bulk line and an HTTP answer have in common. */
export interface Problem {
  readonly code: ProblemCode;
  /** Says where the mistake is and how to fix it. */
  readonly detail: string;
  readonly errors?: readonly Mistake[] | undefined;
  /** Extension members (RFC 9457 section 3.2), such as the id of a transaction that was stored. */
  readonly members?: Readonly<Record<string, unknown>> | undefined;
  /** Header fields of the answer, such as Retry-After. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Carries a problem up to the middleware that answers with it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.problem = problem;
  }
}

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly Mistake[];
  readonly [member: string]: unknown;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The body of an application/problem+json answer (RFC 9457). */
export function problemBody(problem: Problem): ProblemBody {
  const { status, title } = PROBLEMS[problem.code];
  return {
    type: `urn:sluice:problem:${problem.code}`,
    title,
    status,
    detail: problem.detail,
    ...problem.members,
    ...(problem.errors && { errors: problem.errors }),
  };
}

/** Seconds a refused client should wait: 1 to 5, at random, so that they do not all come back at once. */
export function retryAfter(random: () => number = Math.random): { 'Retry-After': string } {
  return { 'Retry-After': String(1 + Math.floor(random() * 5)) };
}

/** Mistakes beyond this number are counted, not listed. */
const MISTAKES_MAX = 50;

/** The problem of a request that breaks its schema, with every mistake at once. */
export function invalidRequest(mistakes: readonly Mistake[]): Problem {
  const places = [...new Set(mistakes.map(placeOf))].slice(0, 5).join(', ');
  const rest = mistakes.length > MISTAKES_MAX ? ` The first ${MISTAKES_MAX} are listed.` : '';
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  const stored = mistakes.every((mistake) => mistake.parameter !== undefined) ? '' : ' Nothing was stored.';
  return {
    code: 'invalid-request',
    detail: `The request has ${count}, at ${places}: see errors.${rest}${stored}`,
    errors: mistakes.slice(0, MISTAKES_MAX),
  };
}

function placeOf(mistake: Mistake): string {
  if (mistake.header !== undefined) return `header ${mistake.header}`;
  if (mistake.parameter !== undefined) return `parameter ${mistake.parameter}`;
  return mistake.field === '' || mistake.field === undefined ? 'the body' : mistake.field;
}
