import type { Middleware } from 'koa';
import { traceRequest } from '../../../otel/tracing.ts';
import { matchedRoute } from '../matched-route.ts';
import { setTrace, traceOf } from '../traceparent.ts';

/** Outermost: a span for each request, while tracing is on. */
export function koaTracing(): Middleware {
  return function koaTracing(ctx, next) {
    const exchange = { request: ctx.req, response: ctx.res, route: () => matchedRoute(ctx) };
    setTrace(ctx, traceRequest(exchange));
    return next();
  };
}

/** For handlers whose statements belong to the request alone: they become children of its span. */
export function inTrace(handler: Middleware): Middleware {
  return function inTrace(ctx, next) {
    const work = (): unknown => handler(ctx, next);
    const trace = traceOf(ctx);
    return trace ? trace.run(work) : work();
  };
}
