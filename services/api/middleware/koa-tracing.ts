import type { Middleware } from 'koa';
import { traceRequest } from '../../../otel/tracing.ts';
import { matchedRoute } from '../matched-route.ts';

/** Outermost: each request in a span of its own, while tracing is on. */
export function koaTracing(): Middleware {
  return function koaTracing(ctx, next) {
    return traceRequest({ request: ctx.req, response: ctx.res, route: () => matchedRoute(ctx) }, next);
  };
}
