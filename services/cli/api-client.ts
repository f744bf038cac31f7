import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { apiError } from './errors.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly etag: string | undefined;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Until the answer has begun. Default 15,000. */
  readonly timeoutMs?: number;
}

/** The API over HTTP. Rejects with a CliError that names its URL when it cannot be reached. */
export interface ApiClient {
  readonly url: string;
  /** Any status is an answer. */
  call(request: ApiRequest): Promise<Answer>;
  /** Sends a body while the answer to it is being read. Neither has an end in sight. */
  stream(path: string, options: StreamOptions): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

export interface StreamOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

const TIMEOUT_MS = 15_000;

export function createApiClient(url: string): ApiClient {
  const dispatcher = new Agent({ connectTimeout: 5_000 });

  async function call({ method = 'GET', path, headers = {}, body, timeoutMs }: ApiRequest): Promise<Answer> {
    try {
      const response = await request(url + path, {
        dispatcher,
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        body: body ?? null,
        headersTimeout: timeoutMs ?? TIMEOUT_MS,
      });
      const etag = response.headers['etag'];
      return {
        status: response.statusCode,
        body: parse(await response.body.text()),
        etag: typeof etag === 'string' ? etag : undefined,
      };
    } catch (error) {
      throw apiError(error, url);
    }
  }

  async function stream(path: string, { headers, body }: StreamOptions): Promise<Dispatcher.ResponseData> {
    try {
      return await request(url + path, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...headers },
        body,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
    } catch (error) {
      throw apiError(error, url);
    }
  }

  return { url, call, stream, close: () => dispatcher.destroy() };
}

/** JSON, or undefined where something else has answered. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
