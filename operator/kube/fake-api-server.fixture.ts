import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** An HTTP server that misbehaves as it is told: what a real API server does only after hours. */
export class FakeApiServer {
  readonly config = new KubeConfig();
  /** Requests so far, as `GET /path?query`. */
  readonly requests: string[] = [];
  connections = 0;
  handler: Handler = (_request, response) => void response.writeHead(500).end();
  private readonly server = createServer((request, response) => {
    this.requests.push(`${request.method} ${request.url}`);
    this.handler(request, response, new URL(request.url ?? '/', 'http://fake'));
  });

  async start(): Promise<this> {
    this.server.on('connection', () => void this.connections++);
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
    const { port } = this.server.address() as AddressInfo;
    this.config.loadFromClusterAndUser(
      { name: 'fake', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'nobody' },
    );
    return this;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

export function answer(response: ServerResponse, body: unknown, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
