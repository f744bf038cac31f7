import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { traceRequest } from '../../otel/tracing.ts';
import { Refusal, parseJson, readBody, sendJson, sendProblem } from './http-io.ts';
import type { Entry } from './ledger.ts';
import type { Answer, Simulator } from './simulator.ts';
import { SettingsError } from './settings.ts';

const KEY_MAX_CHARS = 256;
/** The path that nearly all requests have. */
const CALLS = '/effects';

export interface ServerDeps {
  readonly simulator: Simulator;
  /** Called for each answered call with what became of it. */
  readonly onAnswer?: (outcome: Answer['kind']) => void;
  /** Called when the books can no longer be kept: end the process, a remote system must not forget. */
  readonly onFatal: (error: unknown) => void;
}

interface Exchange {
  readonly deps: ServerDeps;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The part of the path in parentheses, decoded. */
  readonly key: string;
}

type Handler = (exchange: Exchange) => Promise<void> | void;

const ROUTES: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['POST', /^\/effects\/([^/?]+)\/reversal$/, postReversal],
  ['GET', /^\/settings$/, ({ deps, response }) => sendJson(response, 200, deps.simulator.settings)],
  ['PUT', /^\/settings$/, putSettings],
  ['GET', /^\/ledger\/summary$/, ({ deps, response }) => sendJson(response, 200, deps.simulator.summary())],
  ['GET', /^\/ledger$/, streamLedger],
  ['DELETE', /^\/ledger$/, deleteLedger],
  ['GET', /^\/ledger\/([^/?]+)$/, getEntry],
];

/** Serves a simulator over HTTP. Plain node:http: a call costs some 50 us of CPU, little beside what it tests. */
export function createSimulatorServer(deps: ServerDeps): Server {
  // Clients keep their connections; a slow answer is what this server is for.
  return createServer({ keepAliveTimeout: 75_000, requestTimeout: 60_000 }, (request, response) => {
    const pattern = () => (request.url === CALLS ? CALLS : undefined);
    traceRequest({ request, response, route: pattern });
    route(deps, request, response).catch((error: unknown) => fail(deps, response, error));
  });
}

async function route(deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/' } = request;
  if (method === 'POST' && url === CALLS) return postEffect({ deps, request, response, key: '' });
  let known = false;
  for (const [routeMethod, path, handler] of ROUTES) {
    const match = path.exec(url);
    known ||= match !== null;
    if (match && method === routeMethod)
      return handler({ deps, request, response, key: decodeKey(match[1] ?? '') });
  }
  throw new Refusal(known || url === CALLS ? 405 : 404, `There is no ${method} ${url}.`);
}

async function postEffect({ deps, request, response }: Exchange): Promise<void> {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || key === '' || key.length > KEY_MAX_CHARS)
    throw new Refusal(400, `The header Idempotency-Key must hold 1 to ${KEY_MAX_CHARS} characters.`);
  const body = await readBody(request);
  parseJson(body);
  const transactionKey = request.headers['x-transaction-key'];
  const answer = await deps.simulator.execute({
    key,
    fingerprint: hash('md5', body, 'buffer').readUIntBE(0, 6),
    transactionKey: typeof transactionKey === 'string' ? transactionKey.slice(0, KEY_MAX_CHARS) : undefined,
  });
  respond(deps, response, answer);
}

async function postReversal({ deps, request, response, key }: Exchange): Promise<void> {
  request.resume();
  respond(deps, response, await deps.simulator.reverse(key));
}

async function putSettings({ deps, request, response }: Exchange): Promise<void> {
  const change = parseJson(await readBody(request));
  try {
    sendJson(response, 200, deps.simulator.configure(change));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new Refusal(422, error.message, { errors: error.mistakes });
  }
}

async function deleteLedger({ deps, response }: Exchange): Promise<void> {
  await deps.simulator.clear();
  response.writeHead(204).end();
}

function getEntry({ deps, response, key }: Exchange): void {
  const entry = deps.simulator.ledger.get(key);
  if (!entry) throw new Refusal(404, `The ledger has no entry for ${key}.`);
  sendJson(response, 200, toAudit(key, entry));
}

/** One line per key, in order of `seq`, at the speed of the reader. */
async function streamLedger({ deps, response }: Exchange): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  await pipeline(Readable.from(auditLines(deps.simulator)), response);
}

/** In pieces of some 50 KB: a chunk per line costs ten times as much. */
function* auditLines(simulator: Simulator): Generator<string> {
  let lines: string[] = [];
  for (const [key, entry] of simulator.ledger.entries()) {
    lines.push(`${JSON.stringify(toAudit(key, entry))}\n`);
    if (lines.length < 500) continue;
    yield lines.join('');
    lines = [];
  }
  if (lines.length > 0) yield lines.join('');
}

function toAudit(key: string, { state, seq, atMs, transactionKey }: Entry): object {
  return {
    key,
    effects: state === 'executed' || state === 'reversed' ? 1 : 0,
    reversals: state === 'reversed' ? 1 : 0,
    tombstone: state === 'tombstone',
    declined: state === 'declined',
    seq,
    at: new Date(atMs).toISOString(),
    transactionKey,
  };
}

function respond(deps: ServerDeps, response: ServerResponse, answer: Answer): void {
  deps.onAnswer?.(answer.kind);
  switch (answer.kind) {
    case 'executed':
      // A pure function of the entry: asked again, the answer is the same, after a restart too.
      return sendJson(response, 200, {
        reference: `RMT-${String(answer.seq).padStart(9, '0')}`,
        id: answer.key,
      });
    case 'reversed':
      return sendJson(response, 200, { reversed: answer.reversed });
    case 'declined':
      return sendProblem(response, 422, 'The remote system declined.', { code: 'declined' });
    case 'mismatch':
      return sendProblem(response, 422, 'The same Idempotency-Key came with another body.', {
        code: 'mismatch',
      });
    case 'undone':
      return sendProblem(response, 409, 'This effect has been reversed.', { code: 'reversed' });
    case 'error':
      return sendProblem(response, 500, 'The remote system failed.', { code: 'failed' });
    case 'busy':
      response.setHeader('retry-after', answer.retryAfterSeconds);
      return sendProblem(response, 503, 'The remote system is at its capacity.', { code: 'busy' });
    case 'hang':
      if (response.closed) answer.release();
      else response.once('close', answer.release);
  }
}

function fail(deps: ServerDeps, response: ServerResponse, error: unknown): void {
  // The caller has gone, or is in the middle of an answer.
  if (response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  if (!(error instanceof Refusal)) {
    response.destroy();
    deps.onFatal(error);
    return;
  }
  if (error.status === 413) response.setHeader('connection', 'close');
  sendProblem(response, error.status, error.message, error.more);
}

/** @throws Refusal 400 */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, 'The key in the path is not URL-encoded text.');
  }
}
