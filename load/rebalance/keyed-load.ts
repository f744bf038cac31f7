import { Agent } from 'undici';
import { createPayments } from '../lib/payments.ts';

export interface KeyedLoadOptions {
  readonly apiUrl: string;
  readonly accounts: number;
  readonly ratePerSecond: number;
}

const TICK_MS = 5;
const CONNECTIONS = 64;

/** Transactions at a constant rate, with the keys that are given, in turn. */
export class KeyedLoad {
  /** Keys to come, over and over. Longer lists keep transactions of one key apart. */
  keys: readonly string[] = [];
  sent = 0;
  failed = 0;
  private readonly options: KeyedLoadOptions;
  private readonly agent = new Agent({ connections: CONNECTIONS, pipelining: 1 });
  private readonly underway = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: KeyedLoadOptions) {
    this.options = options;
  }

  start(): void {
    const { ratePerSecond, accounts } = this.options;
    const next = createPayments({ seed: 1, accounts });
    const begin = performance.now();
    const already = this.sent;
    this.timer = setInterval(() => {
      const due = already + Math.floor(((performance.now() - begin) / 1_000) * ratePerSecond);
      while (this.sent < due) {
        const key = this.keys[this.sent++ % this.keys.length];
        const request = this.send(JSON.stringify({ type: 'payment', key, payload: next() }));
        this.underway.add(request);
        void request.finally(() => this.underway.delete(request));
      }
    }, TICK_MS);
  }

  /** Resolves when all that was sent has been answered. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.underway);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.agent.close();
  }

  private async send(body: string): Promise<void> {
    try {
      const { origin } = new URL(this.options.apiUrl);
      const headers = { 'content-type': 'application/json' };
      const answer = await this.agent.request({
        origin,
        path: '/v1/transactions',
        method: 'POST',
        headers,
        body,
      });
      await answer.body.dump();
      if (answer.statusCode !== 202) this.failed++;
    } catch {
      this.failed++;
    }
  }
}

/** Keys whose partitions take turns: each partition gets its messages in even distances. */
export function inTurns(partitionOf: ReadonlyMap<string, number>): string[] {
  const lists = [...Map.groupBy(partitionOf, ([, partition]) => partition).values()];
  const rounds = Math.min(...lists.map((list) => list.length));
  return Array.from({ length: rounds }, (_, round) => lists.map((list) => list[round]![0])).flat();
}
