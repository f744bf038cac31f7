import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import type { LoadModel, LoadSpec } from './generator.ts';
import { REQUEST_TIMEOUT_SECONDS } from './generator.ts';
import { createPayments, toBody } from './payments.ts';
import { Tally } from './tally.ts';

type Rest = Omit<LoadSpec, 'model'>;
type Open = Extract<LoadModel, { kind: 'open' }>;

const TICK_MS = 2;

/**
 * Requests at a constant rate. A latency counts from the moment the request was due, not from the one it was
 * sent: a generator that is late, or a server that stops for a second, cannot hide in it (coordinated
 * omission). autocannon's own rate setting is no use here: it sends a second's requests all at once.
 */
export async function openLoad(spec: Rest, model: Open): Promise<Tally> {
  const tally = new Tally();
  const client = createClient(spec, model.maxInFlight);
  const total = Math.round(model.ratePerSecond * spec.seconds);
  const begin = performance.now();
  const underway = new Set<Promise<void>>();
  for (let due = 0; due < total;) {
    const now = performance.now();
    const dueNow = Math.min(total, Math.floor(((now - begin) / 1_000) * model.ratePerSecond) + 1);
    for (; due < dueNow; due++) {
      if (underway.size >= model.maxInFlight) {
        tally.notSent();
        continue;
      }
      const dueAtMs = begin + (due / model.ratePerSecond) * 1_000;
      const request = client.send(dueAtMs, tally).finally(() => underway.delete(request));
      underway.add(request);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, TICK_MS);
    });
  }
  await Promise.all(underway);
  await client.close();
  return tally;
}

interface Client {
  send(dueAtMs: number, tally: Tally): Promise<void>;
  close(): Promise<void>;
}

function createClient(spec: Rest, connections: number): Client {
  const timeoutMs = REQUEST_TIMEOUT_SECONDS * 1_000;
  const agent = new Agent({ connections, pipelining: 1, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  const { origin, pathname: path } = new URL(spec.url);
  const next = createPayments({ seed: spec.seed, accounts: spec.accounts });
  const plain = { 'content-type': 'application/json' };
  return {
    send: async (dueAtMs, tally) => {
      const headers = spec.idempotent ? { ...plain, 'idempotency-key': randomUUID() } : plain;
      try {
        const answer = await agent.request({ origin, path, method: 'POST', headers, body: toBody(next()) });
        await answer.body.dump();
        tally.answered(answer.statusCode, performance.now() - dueAtMs);
      } catch (error) {
        tally.failed(
          error instanceof Error && error.name.endsWith('TimeoutError') ? 'timeout' : 'connection',
        );
      }
    },
    close: () => agent.close(),
  };
}
