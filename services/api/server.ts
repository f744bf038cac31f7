import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { STATUS_CODES, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type Koa from 'koa';
import type { Problem } from './problems.ts';
import { PROBLEMS, PROBLEM_MEDIA_TYPE, problemBody } from './problems.ts';
import { BODY_LIMITS, tooLarge } from './read-body.ts';

export interface ApiServer {
  readonly port: number;
  /** Takes no new connections; those that are open go on. */
  stopListening(): void;
  /** Resolves when every request in flight is answered, and every connection closed. */
  close(): Promise<void>;
}

/** Longer than the moment in routes/bulk.ts. */
const LINGER_MS = 1_500;

/**
 * Opens the port.
 * @throws the system's error (EADDRINUSE mostly)
 */
export async function openServer(app: Koa, address: { host: string; port: number }): Promise<ApiServer> {
  const handle = app.callback();
  const accept = (request: IncomingMessage, response: ServerResponse): void => {
    if (!reduceTarget(request)) return writeProblem(response, BAD_TARGET);
    void handle(request, response);
  };
  const server = createServer(
    {
      // Above the idle time-outs of common load balancers, which must be the first to hang up.
      keepAliveTimeout: 65_000,
      headersTimeout: 66_000,
      // Bulk streams may take hours: bodies have time-outs of their own, in read-body.ts and routes/bulk.ts.
      requestTimeout: 0,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => accept(request, response),
  );
  const inFlight = trackRequests(server);
  const closed = Promise.withResolvers<void>();
  server.on('clientError', refuseConnection);
  server.on('checkContinue', (request, response) => checkContinue(request, response, accept));
  server.on('checkExpectation', (_request, response) => refuseExpectation(response));
  await listen(server, address);
  return {
    port: (server.address() as AddressInfo).port,
    stopListening() {
      // The method of http.Server would also close idle connections, with requests on their way perhaps.
      NetServer.prototype.close.call(server, () => closed.resolve());
    },
    async close() {
      server.close();
      await inFlight.none();
      // Left are bulk streams that were cut short, which read on for a moment so that their sender sees the
      // last line, and connections on which no request was ever sent, which close() takes for busy.
      await Promise.race([closed.promise, sleep(LINGER_MS, undefined, { ref: false })]);
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

interface InFlight {
  /** Resolves once no request is in flight. */
  none(): Promise<void>;
}

function trackRequests(server: Server): InFlight {
  let count = 0;
  let resolveNone: (() => void) | undefined;
  const begin = (_request: IncomingMessage, response: ServerResponse): void => {
    count++;
    response.once('close', () => {
      count--;
      if (count === 0) resolveNone?.();
    });
  };
  server.prependListener('request', begin).prependListener('checkContinue', begin);
  return {
    none: () =>
      new Promise((resolve) => {
        resolveNone = resolve;
        if (count === 0) resolve();
      }),
  };
}

const BAD_TARGET: Problem = {
  code: 'bad-http',
  detail: 'The request target is neither a path nor a URL; send a path such as /v1/transactions.',
};

/** Leaves the path of a target in absolute form (RFC 9112 section 3.2.2); false when it cannot be read. */
function reduceTarget(request: IncomingMessage): boolean {
  const target = request.url ?? '';
  if (target.startsWith('/')) return true;
  const url = URL.parse(target === '*' ? 'http://host/*' : target);
  if (!url) return false;
  request.url = url.pathname + url.search;
  return request.url.startsWith('/');
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The most that Linux allows by default: many clients may come at once, when another replica has gone.
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A client that asks before it sends a large body is told at once, and saves itself the sending. */
function checkContinue(
  request: IncomingMessage,
  response: ServerResponse,
  accept: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  const streams = request.url?.startsWith('/v1/transactions/bulk') ?? false;
  if (!streams && announced > BODY_LIMITS.maxBytes) {
    response.setHeader('Connection', 'close');
    writeProblem(response, tooLarge());
    return;
  }
  response.writeContinue();
  accept(request, response);
}

function refuseExpectation(response: ServerResponse): void {
  const detail = 'The only expectation that can be met is 100-continue; leave the Expect header out.';
  writeProblem(response, { code: 'expectation-failed', detail });
}

function writeProblem(response: ServerResponse, problem: Problem): void {
  response.writeHead(PROBLEMS[problem.code].status, { 'Content-Type': PROBLEM_MEDIA_TYPE });
  response.end(JSON.stringify(problemBody(problem)));
}

const CLIENT_ERRORS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: { code: 'headers-too-large', detail: 'The request headers are larger than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'body-timeout',
    detail: 'The request headers had not arrived in full after 66 s.',
  },
};

/** What the HTTP parser could not read never reaches the application: answered here. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  // Writing makes no sense after a reset, and after the start of an answer it would end up inside of it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = CLIENT_ERRORS[error.code ?? ''] ?? {
    code: 'bad-http',
    detail: 'The request could not be read as HTTP/1.1; the connection is closed.',
  };
  const { status } = PROBLEMS[problem.code];
  const body = JSON.stringify(problemBody(problem));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
