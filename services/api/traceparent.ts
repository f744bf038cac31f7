import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { newTraceparent } from '../domain/ids.ts';
import type { RequestTrace } from '../../otel/tracing.ts';
import { traceBeginnings } from '../../otel/tracing.ts';

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

/** What of a Koa context is needed. */
interface RequestContext {
  readonly req: Pick<IncomingMessage, 'headers'>;
  readonly state: Record<string, unknown>;
}

export function setTrace({ state }: Pick<RequestContext, 'state'>, trace: RequestTrace): void {
  state['trace'] = trace;
}

export function traceOf({ state }: Pick<RequestContext, 'state'>): RequestTrace | undefined {
  return state['trace'] as RequestTrace | undefined;
}

/**
 * The traceparent that a transaction carries through the outbox and every event: that of the span of the
 * request; where the client records nothing, the client's own; with tracing off the client's, with a new span id;
 * else a fresh one, unsampled.
 */
export function traceparentFor(ctx: RequestContext): string {
  return traceOf(ctx)?.traceparent ?? continued(ctx.req.headers['traceparent']) ?? newTraceparent();
}

/**
 * Makes traceparents for the lines of a bulk request: each line begins a trace of its own, linked to the request,
 * since one trace of a million transactions is of no use to anyone.
 */
export function lineTraces(): () => string {
  return traceBeginnings('accept bulk line') ?? newTraceparent;
}

function continued(header: string | string[] | undefined): string | undefined {
  const match = typeof header === 'string' ? TRACEPARENT.exec(header) : null;
  if (!match) return undefined;
  const [, version, traceId, flags, suffix] = match;
  // Version 00 has exactly four fields; a later one may have more (W3C Trace Context, section 4).
  if (version === '00' && suffix !== undefined) return undefined;
  return `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`;
}
