import type { Middleware } from 'koa';
import type { Load, LoadLimits, RequestKind } from '../admission.ts';
import { refuse } from '../admission.ts';
import type { ApiMetrics } from '../metrics.ts';
import { retryAfter } from '../problems.ts';
import { sendProblem } from '../send-problem.ts';

export interface KoaAdmissionOptions {
  readonly load: () => Load;
  readonly limits: LoadLimits;
  readonly metrics: Pick<ApiMetrics, 'refused'>;
}

/** Refuses work that would only wait, before any of it is read: 503, with a time to come back at. */
export function koaAdmission({ load, limits, metrics }: KoaAdmissionOptions): Middleware {
  return function koaAdmission(ctx, next) {
    const refusal = refuse(kindOf(ctx.method, ctx.path), load(), limits);
    if (!refusal) return next();
    metrics.refused(refusal.reason);
    sendProblem(ctx, {
      code: refusal.reason === 'stopping' ? 'stopping' : 'overloaded',
      detail: `${refusal.detail} Nothing was stored; come back after the time in Retry-After.`,
      members: { reason: refusal.reason },
      headers: retryAfter(),
    });
    return Promise.resolve();
  };
}

function kindOf(method: string, path: string): RequestKind {
  if (method !== 'POST') return 'read';
  return path.startsWith('/v1/sync/') ? 'sync' : 'submit';
}
