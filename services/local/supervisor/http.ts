import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Supervisor } from './supervisor.ts';
import { MAX_REPLICAS, ScaleError } from './supervisor.ts';

export interface SupervisorServer {
  readonly url: string;
  close(): void;
}

const replicasSchema = z.strictObject({ replicas: z.int().min(0).max(MAX_REPLICAS) });
const BODY_MAX_BYTES = 4_096;
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers?: Record<string, string>;
}

/**
 * `GET /stages`, `GET /stages/:name`, `PUT /stages/:name {"replicas": n}`, on loopback. Errors are
 * application/problem+json (RFC 9457).
 */
export async function openSupervisorServer(supervisor: Supervisor, port: number): Promise<SupervisorServer> {
  const server = createServer((request, response) => {
    void answer(supervisor, request, response).catch((error: unknown) => {
      sendProblem(response, {
        status: 500,
        code: 'internal',
        detail: error instanceof Error ? error.name : 'error',
      });
    });
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

async function answer(
  supervisor: Supervisor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A page in a browser that was led here by a name of its own is none of our users.
  if (!LOOPBACK.test(request.headers.host ?? ''))
    return sendProblem(response, {
      status: 403,
      code: 'not-loopback',
      detail: 'Ask by 127.0.0.1 or localhost.',
    });
  const path = pathOf(request.url ?? '/');
  if (!path)
    return sendProblem(response, {
      status: 404,
      code: 'not-found',
      detail: 'There are /stages and /stages/{name}.',
    });
  try {
    await route(supervisor, path.stage, request, response);
  } catch (error) {
    if (!(error instanceof ScaleError)) throw error;
    sendProblem(response, problemOf(error));
  }
}

async function route(
  supervisor: Supervisor,
  stage: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'GET')
    return send(response, 200, stage === undefined ? await supervisor.list() : await supervisor.view(stage));
  if (request.method === 'PUT' && stage !== undefined) return scale(supervisor, stage, request, response);
  const headers = { allow: stage === undefined ? 'GET' : 'GET, PUT' };
  sendProblem(response, { status: 405, code: 'method', detail: `Use ${headers.allow}.`, headers });
}

/** /stages, or /stages/{stage}; undefined for anything else. */
function pathOf(url: string): { stage: string | undefined } | undefined {
  const match = /^\/stages(?:\/([^/?#]+))?\/?(?:[?#]|$)/.exec(url);
  return match ? { stage: match[1] === undefined ? undefined : decode(match[1]) } : undefined;
}

async function scale(
  supervisor: Supervisor,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    return sendProblem(response, { status: 415, code: 'content-type', detail: 'Send application/json.' });
  const parsed = replicasSchema.safeParse(await readJson(request));
  if (!parsed.success) {
    const detail = parsed.error.issues
      .map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
      .join('; ');
    return sendProblem(response, { status: 422, code: 'invalid-replicas', detail });
  }
  const before = await supervisor.view(name);
  // Draining takes as long as it takes: the answer is the new target, not its end.
  const change = supervisor.scale(name, parsed.data.replicas);
  await Promise.race([change, new Promise((resolve) => setTimeout(resolve, 50))]);
  change.catch(() => {});
  send(response, before.replicas === parsed.data.replicas ? 200 : 202, await supervisor.view(name));
}

/** Undefined for what is no JSON, or is longer than any request of ours. */
async function readJson(request: Readable): Promise<unknown> {
  const limited = async function* () {
    let bytes = 0;
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes > BODY_MAX_BYTES) throw new RangeError('too long');
      yield chunk as Buffer;
    }
  };
  return json(limited()).catch(() => undefined);
}

function problemOf(error: ScaleError): Problem {
  const status = { 'unknown-stage': 404, 'not-scalable': 409, 'invalid-replicas': 422 }[error.code];
  return { status, code: error.code, detail: error.message };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendProblem(response: ServerResponse, { status, code, detail, headers }: Problem): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/problem+json; charset=utf-8', ...headers });
  response.end(`${JSON.stringify({ type: `urn:sluice:problem:${code}`, title: code, status, detail })}\n`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
