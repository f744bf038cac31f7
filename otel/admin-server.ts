import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from './node-http.ts';
import { sendProblem } from './send-problem.ts';

export interface AdminAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface AdminProbes {
  /** True, or why the process should get no work. */
  ready(): true | string;
  /** True, or why the process should be restarted. */
  live(): true | string;
  /** Answers a scrape. */
  metrics(request: IncomingMessage, response: ServerResponse): void;
}

export interface AdminServer {
  /** The port that is open. */
  readonly port: number;
  close(): void;
}

/**
 * Serves /livez, /readyz and /metrics. The probes answer 200 or 503, with the reason as JSON; other requests are
 * answered by problems (RFC 9457).
 * @throws the system's error (EADDRINUSE mostly) when the port cannot be opened
 */
export async function openAdminServer(address: AdminAddress, probes: AdminProbes): Promise<AdminServer> {
  const server = createServer((request, response) => answer(request, response, probes));
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, { host, port }: AdminAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answer(request: IncomingMessage, response: ServerResponse, probes: AdminProbes): void {
  const path = (request.url ?? '').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return sendProblem(response, {
      status: 405,
      code: 'method',
      detail: 'Use GET or HEAD.',
      headers: { allow: 'GET, HEAD' },
    });
  if (path === '/metrics') return probes.metrics(request, response);
  if (path === '/livez') return probe(response, probes.live());
  if (path === '/readyz') return probe(response, probes.ready());
  sendProblem(response, {
    status: 404,
    code: 'not-found',
    detail: 'There are /livez, /readyz and /metrics.',
  });
}

function probe(response: ServerResponse, state: true | string): void {
  if (state === true) json(response, 200, { status: 'ok' });
  else json(response, 503, { status: 'unavailable', reason: state });
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(`${JSON.stringify(body)}\n`);
}
