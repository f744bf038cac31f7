import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '../../otel/node-http.ts';
import { sendProblem } from '../../otel/send-problem.ts';
import type { Board } from './board.ts';
import { detailOf, viewOf } from './status-view.ts';

export interface StatusServer {
  readonly url: string;
  close(): void;
}

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** `GET /scalers`, `GET /scalers/:name`, on loopback. @throws the system's error when the port cannot be opened */
export async function openStatusServer(board: Board, port: number): Promise<StatusServer> {
  const server = createServer((request, response) => answer(board, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  const { port: opened } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${opened}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(board: Board, request: IncomingMessage, response: ServerResponse): void {
  const problem = (status: number, code: string, detail: string, headers = {}): void =>
    sendProblem(response, { status, code, detail, headers });
  // A page in a browser that was led here by a name of its own is none of our users.
  if (!LOOPBACK.test(request.headers.host ?? ''))
    return problem(403, 'not-loopback', 'Ask by 127.0.0.1 or localhost.');
  if (request.method !== 'GET') return problem(405, 'method', 'Use GET.', { allow: 'GET' });
  const [, name] = /^\/scalers(?:\/([^?#]+))?\/?(?:[?#]|$)/.exec(request.url ?? '') ?? [undefined, null];
  if (name === null) return problem(404, 'not-found', 'There are /scalers and /scalers/{name}.');
  if (name === undefined) return send(response, 200, board.all().map(viewOf));
  const standing = board.get(decode(name));
  if (standing) return send(response, 200, detailOf(standing));
  const known = board.all().map(({ scaler }) => scaler.spec.name);
  const there = known.length === 0 ? 'none' : known.join(', ');
  problem(404, 'unknown-scaler', `There is no scaler "${decode(name)}"; there: ${there}.`);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(`${JSON.stringify(body)}\n`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
