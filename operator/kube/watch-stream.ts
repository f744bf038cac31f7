import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { ResponseContext } from '@kubernetes/client-node';
import { z } from 'zod';
import type { WatchRequest } from './kube-api.ts';
import { KubeError } from './kube-error.ts';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: unknown;
}

const lineSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});
const errorSchema = z.object({
  code: z.number(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

/**
 * Events of one watch, to its end. A connection on which nothing comes for `idleMs` counts as broken: a server that
 * hangs, or a network that forgets connections, does not close them.
 * @throws KubeError: 410 (status) when the resource version is too old
 */
export async function* watchStream(
  request: WatchRequest,
  open: (signal: AbortSignal) => Promise<ResponseContext>,
): AsyncGenerator<WatchEvent, void, undefined> {
  const silence = new AbortController();
  const signal = AbortSignal.any([silence.signal, request.signal]);
  const timer = setTimeout(() => silence.abort(), request.idleMs);
  try {
    const response = await open(signal);
    if (response.httpStatusCode !== 200)
      throw new KubeError({ status: response.httpStatusCode, message: `watch of ${request.path} refused` });
    request.onOpen?.();
    timer.refresh();
    const stream = response.body.stream();
    if (stream === null) return;
    const body = Readable.fromWeb(stream as ReadableStream, { signal });
    yield* events(body, () => timer.refresh());
  } catch (error) {
    if (error instanceof KubeError) throw error;
    const what = silence.signal.aborted ? `nothing came for ${request.idleMs} ms` : String(error);
    throw new KubeError({ status: 0, message: `watch of ${request.path}: ${what}`, cause: error });
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

async function* events(body: Readable, onData: () => void): AsyncGenerator<WatchEvent, void, undefined> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    onData();
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield parseLine(line);
  }
}

function parseLine(line: string): WatchEvent {
  const { type, object } = lineSchema.parse(JSON.parse(line));
  if (type !== 'ERROR') return { type, object };
  const { code, reason = '', message = 'watch error' } = errorSchema.parse(object);
  throw new KubeError({ status: code, reason, message });
}
