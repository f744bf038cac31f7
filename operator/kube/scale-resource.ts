import { z } from 'zod';
import { TargetError } from '../targets/target-error.ts';
import type { KubeApi } from './kube-api.ts';
import { hasStatus, KubeError } from './kube-error.ts';

/** A scale subresource as it is at present. */
export interface Scale {
  readonly desired: number;
  readonly existing: number;
  readonly resourceVersion: string;
}

export interface ScaleWrite {
  /** Of the scale subresource. */
  readonly path: string;
  /** What the decision was made from: if it is something else by now, nothing is written. */
  readonly from: number;
  readonly to: number;
  readonly resourceVersion: string;
  readonly fieldManager: string;
  /** ms that each request may take, asked before each; 0: we may not write. */
  readonly within: () => number;
}

const scaleSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().default('') }),
  spec: z.object({ replicas: z.number().default(0) }).default({ replicas: 0 }),
  status: z.object({ replicas: z.number().default(0) }).default({ replicas: 0 }),
});

/** The pods of a rollout change the version many times a second. */
const ATTEMPTS = 5;
const TIMEOUT_MS = 5_000;

/** @throws TargetError */
export async function readScale(api: KubeApi, path: string, timeoutMs = TIMEOUT_MS): Promise<Scale> {
  try {
    return scaleOf(await api.request({ method: 'GET', path, timeoutMs, lane: 'scale' }));
  } catch (error) {
    throw targetError(error);
  }
}

/**
 * Sets the replicas by a merge patch of the scale subresource, and nothing else. The patch names the version that it
 * was decided from, so that one which was held up on its way (by a pause of this process, or of the API server)
 * cannot undo what has been done since.
 * @throws TargetError
 */
export async function writeScale(api: KubeApi, write: ScaleWrite): Promise<Scale> {
  const { path, from, to, fieldManager } = write;
  let { resourceVersion } = write;
  for (let attempt = 1; ; attempt++) {
    const timeoutMs = Math.min(TIMEOUT_MS, write.within());
    if (timeoutMs <= 0) throw new TargetError('refused', 'another replica of the operator may lead by now');
    try {
      const body = { metadata: { resourceVersion }, spec: { replicas: to } };
      const contentType = 'application/merge-patch+json';
      const query = { fieldManager };
      return scaleOf(
        await api.request({ method: 'PATCH', path, query, body, contentType, timeoutMs, lane: 'scale' }),
      );
    } catch (error) {
      if (!hasStatus(error, 409) || attempt === ATTEMPTS) throw targetError(error);
    }
    const now = await readScale(api, path, timeoutMs);
    if (now.desired !== from)
      throw new TargetError(
        'refused',
        `somebody has set replicas from ${from} to ${now.desired} meanwhile: left as it is, to be decided anew`,
      );
    resourceVersion = now.resourceVersion;
  }
}

function scaleOf(raw: unknown): Scale {
  const { metadata, spec, status } = scaleSchema.parse(raw);
  return {
    desired: spec.replicas,
    existing: status.replicas,
    resourceVersion: metadata.resourceVersion,
  };
}

function targetError(error: unknown): Error {
  if (!(error instanceof KubeError)) return error instanceof Error ? error : new Error(String(error));
  const code = error.status === 404 ? 'missing' : error.status === 0 ? 'unreachable' : 'refused';
  return new TargetError(code, error.message, { cause: error });
}
