import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { RemoteOutcome } from '../runtime/remote-client.ts';
import { Registry, TRANSACTION_TYPES } from '../transactions/registry.ts';
import { FakeStore } from './fake-store.ts';
import type { Api, ApiSettings } from './start-api.ts';
import { startApi } from './start-api.ts';

/** The API on a port of its own, over the in-memory store. */
export interface TestApi extends Api {
  readonly store: FakeStore;
  readonly origin: string;
  /** What the metrics and the log were told, in order: `refused queue-full`, `error request failed`, … */
  readonly told: string[];
  /** What the remote answers next. */
  remote: (id: string) => Promise<RemoteOutcome>;
}

export class TransientError extends Error {}

export const A_PAYMENT = { debtor: 'ACC-000001', creditor: 'ACC-000002', amount: 1250, currency: 'EUR' };
export const A_SUBMISSION = { type: 'payment', payload: A_PAYMENT };

/** A remote that does what it is asked. */
export function answered(statusCode: number, body: unknown): RemoteOutcome {
  return { kind: 'answered', statusCode, body, calls: 1 };
}

const SETTINGS: ApiSettings = {
  host: '127.0.0.1',
  port: 0,
  limits: { queueMax: 2_000, queueWaitMaxMs: 1_000, outboxAgeMaxSeconds: 900, eventLoopDelayMaxMs: 5_000 },
  bulkStreamsMax: 4,
  syncCallsMax: 100,
  syncTurns: 10,
  waitersMax: 1_000,
  drainMs: 0,
  version: '0.0.0',
};

export async function startTestApi(settings: Partial<ApiSettings> = {}): Promise<TestApi> {
  const store = new FakeStore();
  const told: string[] = [];
  const tell = (level: string) => (_fields: object, message: string) => void told.push(`${level} ${message}`);
  const parts = {
    store,
    registry: new Registry(TRANSACTION_TYPES),
    remote: { call: (id: string) => api.remote(id) },
    log: { debug: tell('debug'), warn: tell('warn'), error: tell('error') },
    isTransient: (error: unknown) => error instanceof TransientError,
    metrics: {
      submitted: (type: string, outcome: string) => void told.push(`submitted ${type} ${outcome}`),
      acceptSeconds: () => {},
      batchSize: () => {},
      refused: (reason: string) => void told.push(`refused ${reason}`),
      answered: (route: string, method: string, status: number) =>
        void told.push(`answered ${method} ${route} ${status}`),
      bulkLine: (outcome: string) => void told.push(`line ${outcome}`),
    },
  };
  const started = await startApi({ ...SETTINGS, ...settings }, parts);
  const api: TestApi = Object.assign(started, {
    store,
    told,
    origin: `http://127.0.0.1:${started.port}`,
    remote: async (id: string) => answered(200, { reference: `R-${id.slice(0, 8)}` }),
  });
  return api;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: Record<string, unknown> | undefined;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer | object;
}

/** One request on a connection of its own. An object is sent as JSON. */
export function send(origin: string, path: string, sent: Sent = {}): Promise<Answer> {
  const { body } = sent;
  const bytes =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const method = sent.method ?? (body === undefined ? 'GET' : 'POST');
  const headers = { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...sent.headers };
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, origin), { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: json(text) });
      });
    });
    request.on('error', reject).end(bytes);
  });
}

function json(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
