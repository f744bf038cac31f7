import type { KubeConfig, RequestContext } from '@kubernetes/client-node';
import { HttpMethod, RequestContext as Context } from './client-node.ts';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** Tokens of service accounts and exec plugins are renewed well before they end. */
const HEADERS_MS = 60_000;

/**
 * Who we are to the API server. The client library makes a connection pool for each request that it authenticates,
 * with a TLS handshake each; here one pool is kept until the API server no longer knows us.
 */
export class Credentials {
  private readonly config: KubeConfig;
  private dispatcher: Dispatcher | undefined;
  private headers: { readonly values: Readonly<Record<string, string>>; readonly at: number } | undefined;

  constructor(config: KubeConfig) {
    this.config = config;
  }

  async apply(request: RequestContext): Promise<void> {
    if (!this.headers || performance.now() - this.headers.at > HEADERS_MS) await this.renew();
    for (const [name, value] of Object.entries(this.headers!.values)) request.setHeaderParam(name, value);
    if (this.dispatcher) request.setDispatcher(this.dispatcher);
  }

  /** The API server has answered 401: certificates may have been renewed too. */
  forget(): void {
    void this.dispatcher?.close();
    this.dispatcher = undefined;
    this.headers = undefined;
  }

  async close(): Promise<void> {
    await this.dispatcher?.destroy();
  }

  private async renew(): Promise<void> {
    const context = new Context('https://unused', HttpMethod.GET);
    await this.config.applySecurityAuthentication(context);
    this.headers = { values: context.getHeaders(), at: performance.now() };
    this.dispatcher ??= context.getDispatcher()?.compose(overHttp1);
  }
}

/**
 * One exchange per connection at a time. Over HTTP/2, which the client library would choose, node:http2 can fall into
 * writing frames without an end: seen at 1,000 StageScalers beside 40 busy processes on two cores, it took all memory
 * within minutes.
 */
function overHttp1(dispatch: Dispatcher['dispatch']): Dispatcher['dispatch'] {
  return (options, handler) => dispatch({ ...options, allowH2: false } as typeof options, handler);
}
