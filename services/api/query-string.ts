import type { Context } from 'koa';
import type { Mistake } from './problems.ts';
import { ProblemError, invalidRequest } from './problems.ts';

/** Query parameters by name; `undefined` where one was not sent. */
export type QueryValues<Names extends string> = Readonly<Record<Names, string | undefined>>;

export interface ReadQuery<Names extends string> {
  readonly values: QueryValues<Names>;
  /** Parameters that are not known here, or were sent twice. */
  readonly mistakes: Mistake[];
}

/** Reads the query parameters of a request. */
export function readQuery<Names extends string>(ctx: Context, names: readonly Names[]): ReadQuery<Names> {
  const values = {} as Record<Names, string | undefined>;
  const mistakes: Mistake[] = [];
  if (ctx.querystring === '') return { values, mistakes };
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    const known = names.find((candidate) => candidate === name);
    if (!known) mistakes.push({ parameter: name.toWellFormed(), message: notKnown(names) });
    else if (values[known] !== undefined) mistakes.push({ parameter: name, message: 'was sent twice' });
    else values[known] = value;
  }
  return { values, mistakes };
}

/** @throws ProblemError when there are any mistakes */
export function requireNone(mistakes: readonly Mistake[]): void {
  if (mistakes.length > 0) throw new ProblemError(invalidRequest(mistakes));
}

function notKnown(names: readonly string[]): string {
  return names.length === 0
    ? 'is not known; there are none here'
    : `is not known; known are ${names.join(', ')}`;
}
