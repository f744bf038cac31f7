import type { IncomingMessage } from 'node:http';
import type { RawBodyError } from 'raw-body';
import { getRawBody } from 'raw-body';
import type { Problem } from './problems.ts';
import { ProblemError } from './problems.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** The whole body must have arrived within this time. */
  readonly timeoutMs: number;
}

export const BODY_LIMITS: BodyLimits = { maxBytes: 64 * 1024, timeoutMs: 10_000 };

/** What is read and thrown away of a body that is too large, so that its sender gets to read the answer. */
const DISCARD = { maxBytes: 32 * 1024 * 1024, timeoutMs: 2_000 };

/** @throws ProblemError unless the body is of the media type, in UTF-8 and not compressed */
export function requireMediaType(request: IncomingMessage, accepted: readonly string[]): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new ProblemError({
      code: 'content-encoding',
      detail: `Content-Encoding is "${encoding}"; send the body as it is, without compression.`,
      headers: { 'Accept-Encoding': 'identity' },
    });
  const given = request.headers['content-type'];
  if (given === accepted[0]) return;
  const [mediaType, ...parameters] = (given ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.replaceAll('"', '');
  if (
    accepted.includes(mediaType!) &&
    (!charset || charset === 'charset=utf-8' || charset === 'charset=utf8')
  )
    return;
  throw new ProblemError({
    code: 'media-type',
    detail: `Content-Type is ${given === undefined ? 'missing' : `"${given}"`}; send ${accepted.join(' or ')} in UTF-8.`,
    headers: { Accept: accepted.join(', ') },
  });
}

/**
 * Reads a whole body.
 * @throws ProblemError when it is larger or slower than the limits, or ends early
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits = BODY_LIMITS): Promise<Buffer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new ProblemError(tooSlow(limits))), limits.timeoutMs);
  try {
    const options = { limit: limits.maxBytes, length: request.headers['content-length'] ?? null };
    return await Promise.race([getRawBody(request, options), late]);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw await asProblem(request, error, limits);
  } finally {
    clearTimeout(timer);
  }
}

async function asProblem(request: IncomingMessage, error: unknown, limits: BodyLimits): Promise<Error> {
  const { type } = error as RawBodyError;
  if (type === 'entity.too.large') {
    await discard(request);
    return new ProblemError(tooLarge(limits), { cause: error });
  }
  return new ProblemError(
    {
      code: 'incomplete-body',
      detail: 'The connection ended, or failed, before the whole body had arrived.',
    },
    { cause: error },
  );
}

async function discard(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DISCARD.timeoutMs);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARD.maxBytes) resolve();
  });
  request.once('end', resolve).once('close', resolve).once('error', resolve).resume();
  await promise;
  clearTimeout(timer);
}

/** The answer to a body over the limit. */
export function tooLarge(limits: BodyLimits = BODY_LIMITS): Problem {
  return {
    code: 'too-large',
    detail: `The body is larger than ${limits.maxBytes} bytes; send less, or several with POST /v1/transactions/bulk.`,
  };
}

function tooSlow(limits: BodyLimits): Problem {
  return {
    code: 'body-timeout',
    detail: `The body had not arrived in full after ${limits.timeoutMs / 1000} s; send it at once.`,
    headers: { Connection: 'close' },
  };
}
