import type { Context } from 'koa';

/** The pattern of the route that has taken the request, such as `/v1/transactions/:id`. */
export function matchedRoute(ctx: Context): string | undefined {
  const route: unknown = ctx['_matchedRoute'];
  return typeof route === 'string' ? route : undefined;
}
