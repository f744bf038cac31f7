import type { Middleware } from 'koa';
import { traceRequest } from '../../../otel/tracing.ts';
import { matchedRoute } from '../matched-route.ts';
import { setTraceparent } from '../traceparent.ts';

/** Outermost: each request in a span of its own, while tracing is on. */
export function koaTracing(): Middleware {
  return function koaTracing(ctx, next) {
    const exchange = { request: ctx.req, response: ctx.res, route: () => matchedRoute(ctx) };
    return traceRequest(exchange, (traceparent) => {
      setTraceparent(ctx, traceparent);
      return next();
    });
  };
}
