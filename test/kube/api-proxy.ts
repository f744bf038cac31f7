import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ApiProxyOptions {
  /** URL of the API server. */
  readonly server: string;
  readonly ca: Buffer;
  /** Who everybody is that comes by this way. */
  readonly as: { readonly token: string } | { readonly cert: Buffer; readonly key: Buffer };
}

/** Answers a request instead of the API server; false: it is passed on, as late as that is said. */
export type Interception = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** Stands between the operator and a real API server, for what that does only under load or after hours. */
export class ApiProxy {
  intercept: Interception = () => false;
  /** The API server has answered; whoever asked has not heard it yet. */
  onAnswer: (request: IncomingMessage) => void = () => {};
  private readonly options: ApiProxyOptions;
  private readonly server = createServer((request, response) => {
    void Promise.resolve(this.intercept(request, response)).then((answered) => {
      if (!answered) this.pass(request, response);
    });
  });

  constructor(options: ApiProxyOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
  }

  /** Text of a kubeconfig that leads here. */
  kubeconfig(namespace: string): string {
    const server = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return JSON.stringify({
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
      'current-context': 'x',
    });
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Ends all connections, watches among them. */
  cut(): void {
    this.server.closeAllConnections();
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const { server, ca, as } = this.options;
    const url = new URL(request.url ?? '/', server);
    const bearer = 'token' in as ? { authorization: `Bearer ${as.token}` } : {};
    const headers = { ...request.headers, host: url.host, ...bearer };
    const identity = 'token' in as ? {} : as;
    const passed = httpsRequest(url, { method: request.method, headers, ca, ...identity }, (answer) => {
      this.onAnswer(request);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  }
}
