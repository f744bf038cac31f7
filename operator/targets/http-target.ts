import { z } from 'zod';
import type { ScaleTarget } from '../loop/ports.ts';
import type { ReplicaReading } from '../scaling/types.ts';
import { TargetError } from './target-error.ts';

export interface HttpTargetOptions {
  /** Of the supervisor, without `/stages`. */
  readonly baseUrl: string;
  /** The stage's name there. */
  readonly name: string;
  /** ms for one call. Default 1,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 1_000;

/** `revision` is optional: a platform that does not know of versions has one for ever. */
const stageSchema = z.object({
  replicas: z.int().min(0),
  ready: z.int().min(0),
  revision: z.string().optional(),
});
const problemSchema = z.object({ detail: z.string() });

/**
 * A stage of a supervisor behind HTTP, for any platform that is not Kubernetes:
 * `GET {base}/stages/{name}` answers `{"replicas": 2, "ready": 1}`, `PUT` of `{"replicas": 3}` changes it.
 */
export function createHttpTarget(options: HttpTargetOptions): ScaleTarget {
  const { baseUrl, name, timeoutMs = TIMEOUT_MS } = options;
  const url = `${baseUrl.replace(/\/$/, '')}/stages/${encodeURIComponent(name)}`;
  const call = async (init: RequestInit): Promise<ReplicaReading> => {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }).catch(
      (error: unknown) => {
        throw new TargetError('unreachable', `${url} does not answer: ${causeOf(error)}`, { cause: error });
      },
    );
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw refusal(response.status, url, body);
    const parsed = stageSchema.safeParse(body);
    if (!parsed.success)
      throw new TargetError(
        'refused',
        `${url} answers with something that is no stage: ${parsed.error.message}`,
      );
    const { replicas, ready, revision = '' } = parsed.data;
    return { desired: replicas, ready, revision };
  };
  return {
    read: () => call({ method: 'GET' }),
    scale: async (replicas) => {
      const body = JSON.stringify({ replicas });
      await call({ method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    },
  };
}

function refusal(status: number, url: string, body: unknown): TargetError {
  const problem = problemSchema.safeParse(body);
  const detail = problem.success ? problem.data.detail : 'no reason given';
  return new TargetError(status === 404 ? 'missing' : 'refused', `${url} answers ${status}: ${detail}`);
}

/** fetch hides what went wrong behind "fetch failed". */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}
