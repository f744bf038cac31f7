import { setTimeout as delay } from 'node:timers/promises';
import type { IsomorphicFetchHttpLibrary, RequestContext, ResponseContext } from '@kubernetes/client-node';
import { z } from 'zod';
import { KubeError } from './kube-error.ts';

interface Named {
  readonly method: string;
  readonly path: string;
}

const statusSchema = z.object({ message: z.string().optional(), reason: z.string().optional() });
const RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 30_000;

export async function send(
  http: IsomorphicFetchHttpLibrary,
  context: RequestContext,
  { method, path }: Named,
): Promise<ResponseContext> {
  try {
    return await http.send(context).toPromise();
  } catch (error) {
    throw new KubeError({ status: 0, message: `${method} ${path}: ${reasonOf(error)}`, cause: error });
  }
}

/** How long to wait before the request may be repeated; undefined: it was not throttled. */
export function retryAfterMs({ httpStatusCode, headers }: ResponseContext): number | undefined {
  if (httpStatusCode !== 429) return undefined;
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0
    ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS)
    : RETRY_AFTER_MS;
}

/** @throws KubeError where the answer is cut off or no JSON */
export async function jsonOf(response: ResponseContext, { method, path }: Named): Promise<unknown> {
  try {
    const text = await response.body.text();
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw new KubeError({ status: 0, message: `${method} ${path}: ${reasonOf(error)}`, cause: error });
  }
}

/** The refusal in the API server's own words. */
export async function errorOf(response: ResponseContext, { method, path }: Named): Promise<KubeError> {
  const status = response.httpStatusCode;
  const text = await response.body.text().catch(() => '');
  const parsed = statusSchema.safeParse(parseJson(text));
  const { message = text.slice(0, 200), reason = '' } = parsed.success ? parsed.data : {};
  return new KubeError({ status, reason, message: message || `${method} ${path}: HTTP ${status}` });
}

export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What went wrong, without what it went wrong in. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
