import type { IncomingMessage, ServerResponse } from 'node:http';

const BODY_MAX_BYTES = 1 << 20;

/** A request that cannot be served; `status` is the HTTP status. */
export class Refusal extends Error {
  readonly status: number;
  readonly more: object;

  constructor(status: number, detail: string, more: object = {}) {
    super(detail);
    this.status = status;
    this.more = more;
  }
}

/** Answers with a JSON body. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  type = 'application/json',
): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Answers with a problem (RFC 9457). */
export function sendProblem(response: ServerResponse, status: number, detail: string, more: object): void {
  sendJson(response, status, { type: 'about:blank', status, detail, ...more }, 'application/problem+json');
}

/** @throws Refusal 413 when it is too long */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= BODY_MAX_BYTES) chunks.push(chunk);
      else reject(new Refusal(413, `A body may have ${BODY_MAX_BYTES} bytes.`));
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** @throws Refusal 400 */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Refusal(400, 'The body is not JSON.');
  }
}
