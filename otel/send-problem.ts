import type { ServerResponse } from 'node:http';

export interface PlainProblem {
  readonly status: number;
  /** In kebab-case; it does not change. */
  readonly code: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with application/problem+json (RFC 9457): what the small servers have in common that have no framework. */
export function sendProblem(response: ServerResponse, { status, code, detail, headers }: PlainProblem): void {
  response.writeHead(status, {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(`${JSON.stringify({ type: `urn:sluice:problem:${code}`, title: code, status, detail })}\n`);
}
