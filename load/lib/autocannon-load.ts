import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import type { LoadModel, LoadSpec } from './generator.ts';
import { REQUEST_TIMEOUT_SECONDS } from './generator.ts';
import { createPayments, toBody } from './payments.ts';
import { Tally } from './tally.ts';

type Rest = Omit<LoadSpec, 'model'>;
type Closed = Extract<LoadModel, { kind: 'closed' }>;
type Pipelined = Extract<LoadModel, { kind: 'pipelined' }>;

/** Groups of users that start one after the other; more of them make the ramp smoother and cost timers. */
const MAX_GROUPS = 40;
/** Bodies made before the run, over all connections: making them meanwhile would compete with the system. */
const PREPARED_BODIES = 20_000;

/** Users who each send, wait and send again. */
export async function closedLoad(spec: Rest, model: Closed): Promise<Tally> {
  const tally = new Tally();
  const prepared = Math.max(10, Math.floor(PREPARED_BODIES / model.users));
  const groups = Math.min(model.users, MAX_GROUPS);
  const endMs = performance.now() + spec.seconds * 1_000;
  const runs = Array.from({ length: groups }, async (_, group) => {
    const first = Math.floor((group * model.users) / groups);
    const users = Math.floor(((group + 1) * model.users) / groups) - first;
    await sleep((model.rampSeconds * 1_000 * group) / groups);
    const requests = (user: number) => makeRequests(spec, spec.seed * 10_000 + first + user, prepared);
    await cannonade(spec, tally, { connections: users, endMs, requests });
  });
  await Promise.all(runs);
  return tally;
}

/** One connection with several requests on their way. */
export async function pipelinedLoad(spec: Rest, { depth }: Pipelined): Promise<Tally> {
  const tally = new Tally();
  const endMs = performance.now() + spec.seconds * 1_000;
  const prepared = makeRequests(spec, spec.seed, 1_000);
  await cannonade(spec, tally, { connections: 1, endMs, pipelining: depth, requests: () => prepared });
  return tally;
}

interface Battery {
  readonly connections: number;
  readonly pipelining?: number;
  /** By performance.now(). */
  readonly endMs: number;
  readonly requests: (connection: number) => autocannon.Request[];
}

/** The method by which autocannon's client sends its next request, whenever one is answered. */
const SEND_NEXT = '_doRequest';

/** What autocannon's client has beyond its declared type. */
interface Internals {
  /** After so many requests it ends. */
  responseMax: number;
  readonly reqsMade: number;
  [SEND_NEXT]: () => void;
}
type Client = autocannon.Client & Internals;

/** The head of an answer, as http-parser-js has it: names and values by turns. */
interface Head {
  readonly statusCode: number;
  readonly headers: readonly string[];
}

async function cannonade(spec: Rest, tally: Tally, battery: Battery): Promise<void> {
  const { connections, pipelining = 1, requests } = battery;
  const clients: Client[] = [];
  const refused: RefusedUsers = new Map();
  const prepared = pipelining > 1 ? requests(0) : undefined;
  const options = {
    url: spec.url,
    connections,
    pipelining,
    timeout: REQUEST_TIMEOUT_SECONDS,
    // Ended below: its own end drops what is under way, which are the slowest requests of the run.
    duration: spec.seconds + 3_600,
    sampleInt: 50,
    // Requests cannot be changed per connection while they are pipelined: one list for the one connection.
    ...(prepared && { requests: prepared }),
    setupClient: (client: autocannon.Client) => {
      if (!prepared) {
        client.setRequests(requests(clients.length));
        heedRetryAfter(client as Client, refused);
      }
      clients.push(client as Client);
    },
  };
  await new Promise<void>((resolve, reject) => {
    const instance = autocannon(options, (error: unknown) => (error ? reject(error) : resolve()));
    instance.on('response', (_client, status, _bytes, latencyMs) => tally.answered(status, latencyMs));
    instance.on('reqError', (error: Error) =>
      tally.failed(error.message === 'request timed out' ? 'timeout' : 'connection'),
    );
    const finish = () => {
      for (const client of clients) client.responseMax = client.reqsMade;
      for (const end of refused.values()) end();
    };
    setTimeout(finish, Math.max(0, battery.endMs - performance.now()));
  });
}

/** Users who wait to come back, with what sends their next request at once. */
type RefusedUsers = Map<Client, () => void>;

/** A user who is refused comes back after the time in Retry-After, as autocannon's would not: it sends again at once. */
function heedRetryAfter(client: Client, refused: RefusedUsers): void {
  const send = client[SEND_NEXT].bind(client);
  let waitMs = 0;
  (client as NodeJS.EventEmitter).on('headers', ({ statusCode, headers }: Head) => {
    const at = headers.findIndex((name) => name.toLowerCase() === 'retry-after');
    waitMs = statusCode === 503 && at >= 0 ? 1_000 * Number(headers[at + 1]) : 0;
  });
  client[SEND_NEXT] = () => {
    if (!(waitMs > 0)) return send();
    const comeBack = (): void => {
      clearTimeout(timer);
      refused.delete(client);
      send();
    };
    const timer = setTimeout(comeBack, waitMs);
    refused.set(client, comeBack);
    waitMs = 0;
  };
}

function makeRequests(spec: Rest, seed: number, count: number): autocannon.Request[] {
  const next = createPayments({ seed, accounts: spec.accounts });
  const headers = { 'content-type': 'application/json' };
  const body = () => toBody(next());
  if (!spec.idempotent)
    return Array.from({ length: count }, () => ({ method: 'POST' as const, headers, body: body() }));
  const setupRequest = (request: autocannon.Request): autocannon.Request => ({
    ...request,
    method: 'POST',
    headers: { ...headers, 'idempotency-key': randomUUID() },
    body: body(),
  });
  return [{ setupRequest }];
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
