import type { KubeConfig } from '@kubernetes/client-node';
import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } from './client-node.ts';
import { Credentials } from './credentials.ts';
import { hasStatus, KubeError } from './kube-error.ts';
import { Gate } from './gate.ts';
import { errorOf, jsonOf, retryAfterMs, send, sleep } from './exchange.ts';
import type { WatchEvent } from './watch-stream.ts';
import { watchStream } from './watch-stream.ts';

export type ContentType =
  | 'application/json'
  | 'application/merge-patch+json'
  | 'application/apply-patch+yaml';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** e.g. `/api/v1/namespaces/default`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: ContentType;
  /** From the call to its end, waiting and repeating included. Default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** What must not wait for the others: a scaling goes before statuses and Events, the Lease waits for nobody. */
  readonly lane?: Lane;
}
export type Lane = 'background' | 'scale' | 'lease';

/** One exchange with the API server, for metrics. */
export interface KubeCall {
  readonly method: KubeRequest['method'];
  /** Plural name of the resource, with its subresource. */
  readonly resource: string;
  /** 0: no answer. */
  readonly status: number;
  readonly seconds: number;
}

export interface KubeApi {
  /** Resolves to the parsed answer. @throws KubeError */
  request(request: KubeRequest): Promise<unknown>;
  /** Yields until the server ends it. @throws KubeError, also when nothing has come for `idleMs` */
  watch(request: WatchRequest): AsyncGenerator<WatchEvent, void, undefined>;
}

export interface WatchRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** The server has begun to answer. */
  readonly onOpen?: () => void;
}

const TIMEOUT_MS = 10_000;
/** Requests in flight at once, in all about as many as the API server's fairness gives one client. */
const IN_FLIGHT = { background: 8, scale: 16, lease: Infinity } as const;

/**
 * A client of one API server: JSON in and out, any resource by its path, a timeout on each request, 429 obeyed.
 */
export class KubeClient implements KubeApi {
  private readonly server: string;
  private readonly credentials: Credentials;
  private readonly http = new IsomorphicFetchHttpLibrary();
  private readonly gates = {
    background: new Gate(IN_FLIGHT.background),
    scale: new Gate(IN_FLIGHT.scale),
    lease: new Gate(IN_FLIGHT.lease),
  };
  private readonly onCall: (call: KubeCall) => void;

  constructor(config: KubeConfig, onCall: (call: KubeCall) => void = () => {}) {
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new KubeError({ status: 0, message: 'The kubeconfig names no current cluster.' });
    this.server = cluster.server.replace(/\/$/, '');
    this.credentials = new Credentials(config);
    this.onCall = onCall;
  }

  async request(request: KubeRequest): Promise<unknown> {
    // Whole ms alone are taken.
    const timeout = AbortSignal.timeout(Math.floor(request.timeoutMs ?? TIMEOUT_MS));
    const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout;
    return this.gates[request.lane ?? 'background'].run(signal, () => this.attempt(request, signal));
  }

  async *watch(request: WatchRequest): AsyncGenerator<WatchEvent, void, undefined> {
    yield* watchStream(request, (signal) =>
      this.exchange({ method: 'GET', path: request.path, query: { ...request.query, watch: true } }, signal),
    );
  }

  async close(): Promise<void> {
    await this.credentials.close();
  }

  private async attempt(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      const response = await this.exchange(request, signal);
      const waitMs = retryAfterMs(response);
      if (waitMs === undefined) return jsonOf(response, request);
      await sleep(waitMs, signal).catch(() => {
        throw new KubeError({ status: 429, message: `${request.method} ${request.path}: throttled` });
      });
    }
  }

  private async exchange(request: KubeRequest, signal: AbortSignal) {
    const began = performance.now();
    let status = 0;
    try {
      const context = new RequestContext(this.url(request), HttpMethod[request.method]);
      await this.credentials.apply(context);
      context.setHeaderParam('accept', 'application/json');
      if (request.body !== undefined) {
        context.setHeaderParam('content-type', request.contentType ?? 'application/json');
        context.setBody(JSON.stringify(request.body));
      }
      context.setSignal(signal);
      const response = await send(this.http, context, request);
      status = response.httpStatusCode;
      // 429 is for whoever can wait.
      if (status >= 400 && status !== 429) throw await errorOf(response, request);
      return response;
    } catch (error) {
      if (hasStatus(error, 401)) this.credentials.forget();
      throw error;
    } finally {
      const seconds = (performance.now() - began) / 1_000;
      this.onCall({ method: request.method, resource: resourceOf(request.path), status, seconds });
    }
  }

  private url({ path, query = {} }: KubeRequest): string {
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url.toString();
  }
}

/** `deployments/scale` of `/apis/apps/v1/namespaces/n/deployments/d/scale`; few different ones, for metrics. */
export function resourceOf(path: string): string {
  const [kind, ...rest] = path.split('/').filter(Boolean);
  const parts = rest.slice(kind === 'api' ? 1 : 2);
  const [resource, , subresource] = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts;
  return [resource ?? 'discovery', subresource].filter(Boolean).join('/');
}
