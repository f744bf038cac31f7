import { setTimeout as sleep } from 'node:timers/promises';
import type { Query } from '../../store/port.ts';
import type { Endpoints } from '../stack.ts';
import { countOpen } from './figures.ts';
import type { Settlement } from './summary.ts';

export interface SettleOptions {
  readonly query: Query;
  readonly endpoints: Endpoints;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Waits until nothing in the database is open, then audits everything that is in it. */
export async function settle({ query, endpoints, timeoutMs, signal }: SettleOptions): Promise<Settlement> {
  const giveUpMs = performance.now() + timeoutMs;
  while ((await countOpen(query)) > 0 && performance.now() < giveUpMs)
    await sleep(200, undefined, { signal });
  const open = await countOpen(query);
  // Only needed here: start-up is quicker without it.
  const { verify } = await import('../../cli/verify.ts');
  const report = await verify({
    databaseUrl: endpoints.databaseUrl,
    remoteUrl: endpoints.remoteUrl,
    requireLedger: true,
    waitMs: 10_000,
  });
  return { open, ok: report.ok, violations: report.violations, counts: report.counts };
}
