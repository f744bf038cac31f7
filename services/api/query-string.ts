import type { Context } from 'koa';
import type { Mistake } from './problems.ts';
import { ProblemError, invalidRequest } from './problems.ts';

/** Query parameters by name; `undefined` where one was not sent. */
export type QueryValues<Names extends string> = Readonly<Record<Names, string | undefined>>;

/**
 * The query parameters of a request.
 * @throws ProblemError for parameters that are not known here, or sent twice
 */
export function queryParameters<Names extends string>(
  ctx: Context,
  names: readonly Names[],
): QueryValues<Names> {
  const values = {} as Record<Names, string | undefined>;
  if (ctx.querystring === '') return values;
  const mistakes: Mistake[] = [];
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    const known = names.find((candidate) => candidate === name);
    if (!known) mistakes.push({ parameter: name.toWellFormed(), message: notKnown(names) });
    else if (values[known] !== undefined) mistakes.push({ parameter: name, message: 'was sent twice' });
    else values[known] = value;
  }
  if (mistakes.length > 0) throw new ProblemError(invalidRequest(mistakes));
  return values;
}

function notKnown(names: readonly string[]): string {
  return names.length === 0
    ? 'is not known; there are none here'
    : `is not known; known are ${names.join(', ')}`;
}
