import { z } from 'zod';
import { TERMINAL_STATES } from '../../domain/state-machine.ts';

const acceptedSchema = z.object({ id: z.string() });
const transactionSchema = z.object({
  state: z.string(),
  acceptedAt: z.string(),
  updatedAt: z.string(),
});
const historySchema = z.object({
  events: z.array(
    z.object({
      event: z.string(),
      state: z.string(),
      stage: z.string(),
      attempt: z.number(),
      at: z.string(),
    }),
  ),
});

export interface FollowedEvent {
  readonly event: string;
  readonly state: string;
  readonly stage: string;
  /** Ms since the transaction was accepted. */
  readonly afterMs: number;
}

export interface Followed {
  readonly id: string;
  /** How long the POST took. */
  readonly acceptMs: number;
  /** From accept to the terminal state, by the database's clock. */
  readonly endToEndMs: number;
  readonly state: string;
  readonly events: readonly FollowedEvent[];
}

const WAIT_SECONDS = 10;
const GIVE_UP_MS = 60_000;

/** Submits one payment over HTTP and waits for its end. @throws Error when it does not come within a minute */
export async function followOne(apiUrl: string, type: string): Promise<Followed> {
  const payload = { debtor: 'ACC-000001', creditor: 'ACC-000002', amount: 1250, currency: 'EUR' };
  const startedMs = performance.now();
  const response = await fetch(`${apiUrl}/v1/transactions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type, payload }),
    signal: AbortSignal.timeout(10_000),
  });
  const body: unknown = await response.json();
  const acceptMs = performance.now() - startedMs;
  if (response.status !== 202)
    throw new Error(`The API answered ${response.status}: ${JSON.stringify(body)}`);
  const { id } = acceptedSchema.parse(body);
  const ended = await waitForEnd(`${apiUrl}/v1/transactions/${id}`);
  const history = historySchema.parse(await getJson(`${apiUrl}/v1/transactions/${id}/history`));
  const since = (at: string) => Date.parse(at) - Date.parse(ended.acceptedAt);
  return {
    id,
    acceptMs,
    endToEndMs: since(ended.updatedAt),
    state: ended.state,
    events: history.events.map(({ event, state, stage, at }) => ({
      event,
      state,
      stage,
      afterMs: since(at),
    })),
  };
}

async function waitForEnd(url: string): Promise<z.infer<typeof transactionSchema>> {
  const terminal = new Set<string>(TERMINAL_STATES);
  const giveUpMs = performance.now() + GIVE_UP_MS;
  // A long poll answers at every change on the way.
  while (performance.now() < giveUpMs) {
    const transaction = transactionSchema.parse(await getJson(`${url}?wait=${WAIT_SECONDS}s`));
    if (terminal.has(transaction.state)) return transaction;
  }
  throw new Error(`${url} has not ended within ${GIVE_UP_MS / 1_000} s.`);
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout((WAIT_SECONDS + 5) * 1_000) });
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}.`);
  return response.json();
}
