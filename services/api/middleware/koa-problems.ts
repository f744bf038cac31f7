import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Context, Middleware } from 'koa';
import { aboutTrace } from '../../../otel/logger.ts';
import type { ApiMetrics } from '../metrics.ts';
import { matchedRoute } from '../matched-route.ts';
import { problemOf, sendProblem } from '../send-problem.ts';
import { throttled } from '../throttled.ts';
import { traceOf } from '../traceparent.ts';

export interface KoaProblemsOptions {
  readonly isTransient: (error: unknown) => boolean;
  readonly log: { error(fields: object, message: string): void };
  readonly metrics: Pick<ApiMetrics, 'answered'>;
  /** True when connections are to be closed after the next answer. */
  readonly closing: () => boolean;
}

/** Small bodies that nobody read are taken off the connection by Node; it stays usable. */
const LEAVE_UNREAD_BYTES = 64 * 1024;

/** Turns whatever is thrown into a problem, without telling what only we should know. */
export function koaProblems(options: KoaProblemsOptions): Middleware {
  const logs = {
    internal: throttled((fields, message) => options.log.error(fields, message)),
    'store-unavailable': throttled((fields, message) => options.log.error(fields, message)),
  };
  const logOf = (code: string) =>
    code === 'internal' || code === 'store-unavailable' ? logs[code] : undefined;

  return async function koaProblems(ctx, next) {
    ctx.res.setHeader('X-Content-Type-Options', 'nosniff');
    try {
      await next();
    } catch (error) {
      const problem = problemOf(error, options.isTransient);
      const { method, path } = ctx;
      const about = aboutTrace(traceOf(ctx)?.traceparent);
      logOf(problem.code)?.({ err: error, method, path, ...about }, 'request failed');
      sendProblem(ctx, problem);
    }
    if (options.closing() || leavesBody(ctx)) ctx.set('Connection', 'close');
    options.metrics.answered(matchedRoute(ctx) ?? 'none', ctx.method, ctx.status);
  };
}

/** An unread body of unknown or large size would have to be waited for: close instead. */
function leavesBody(ctx: Context): boolean {
  if (ctx.req.complete || ctx.body instanceof Readable) return false;
  return declaredBytes(ctx.req) > LEAVE_UNREAD_BYTES;
}

function declaredBytes(request: IncomingMessage): number {
  if (request.headers['transfer-encoding'] !== undefined) return Infinity;
  return Number(request.headers['content-length'] ?? 0);
}
