/**
 * Offers load by autocannon, in a process of its own: its work must not delay the figures of the process that
 * shows them. Started with an IPC channel; the plan is its first argument.
 */
import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';
import autocannon from 'autocannon';
import type { Latency, LoadPlan, LoadReport } from './protocol.ts';
import { loadPlanSchema } from './protocol.ts';

const REPORT_MS = 500;
/** Bodies made before the start: making them meanwhile would compete with the system for the processor. */
const PREPARED = 5_000;
/** One payment in so many is to an account that cannot be used, so that some are rejected. */
const REJECTED_EVERY = 50;
const REQUEST_TIMEOUT_SECONDS = 20;

await run(loadPlanSchema.parse(JSON.parse(process.argv[2] ?? '')));

async function run(plan: LoadPlan): Promise<void> {
  const total = { succeeded: 0, refused: 0, rejected: 0, failed: 0 };
  const all = createHistogram();
  const latest = createHistogram();
  const requests = makeRequests(plan);
  let startedMs = performance.now();
  let endedMs: number | undefined;
  const report = (kind: LoadReport['kind']): LoadReport => ({
    kind,
    elapsedSeconds: ((endedMs ?? performance.now()) - startedMs) / 1_000,
    total: { ...total, latency: latencyOf(all) },
    latest: latencyOf(latest),
  });
  const tell = () => {
    process.send?.(report('progress'));
    latest.reset();
  };
  let timer: NodeJS.Timeout | undefined;
  await cannonade(plan, requests, {
    // The first report says that the load begins: until here this process was only getting ready.
    begun: () => {
      startedMs = performance.now();
      tell();
      timer = setInterval(tell, REPORT_MS);
    },
    answered: (status, latencyMs) => {
      if (endedMs !== undefined) return;
      if (status === 503) return void total.refused++;
      if (status === 422) return void total.rejected++;
      if (status < 200 || status > 299) return void total.failed++;
      total.succeeded++;
      const micros = Math.max(1, Math.round(latencyMs * 1_000));
      all.record(micros);
      latest.record(micros);
    },
    broken: () => void total.failed++,
    ended: () => (endedMs = performance.now()),
  });
  clearInterval(timer);
  process.send?.(report('end'), () => process.exit(0));
}

interface Tally {
  readonly begun: () => void;
  readonly answered: (status: number, latencyMs: number) => void;
  readonly broken: () => void;
  /** From here on answers no longer count. */
  readonly ended: () => void;
}

async function cannonade(
  plan: LoadPlan,
  requests: readonly autocannon.Request[],
  tally: Tally,
): Promise<void> {
  let next = 0;
  await new Promise<void>((resolve, reject) => {
    const instance = autocannon(
      {
        url: plan.url,
        connections: plan.users,
        timeout: REQUEST_TIMEOUT_SECONDS,
        // Ended by `stop` below: its own end is only as exact as a second.
        duration: plan.seconds + 3_600,
        sampleInt: 50,
        ...(plan.ratePerSecond > 0 ? { overallRate: plan.ratePerSecond } : {}),
        // Each user has requests of his own: autocannon builds every one that a user has before it begins.
        setupClient: (client) => {
          const user = next++ % plan.users;
          client.setRequests(requests.filter((_, index) => index % plan.users === user));
        },
      },
      (error: unknown) => (error ? reject(error) : resolve()),
    );
    instance.on('response', (_client, status, _bytes, latencyMs) => tally.answered(status, latencyMs));
    instance.on('reqError', () => tally.broken());
    instance.on('start', () => {
      tally.begun();
      setTimeout(() => {
        tally.ended();
        (instance as unknown as { stop(): void }).stop();
      }, plan.seconds * 1_000);
    });
  });
}

function makeRequests(plan: LoadPlan): autocannon.Request[] {
  const headers = { 'content-type': 'application/json' };
  return Array.from({ length: Math.max(PREPARED, plan.users) }, (_, index) => ({
    method: 'POST' as const,
    headers,
    body: JSON.stringify({
      type: plan.types[index % plan.types.length],
      payload: payment(index, plan.accounts),
    }),
  }));
}

function payment(index: number, accounts: number): object {
  const account = (number: number) => `ACC-${String((number % accounts) + 1).padStart(6, '0')}`;
  // A large odd step visits all accounts in an order that looks random.
  const debtor = index * 7_919;
  const creditor =
    index % REJECTED_EVERY === 0 ? 'ACC-BLOCKED' : account(debtor + 1 + (index % (accounts - 1)));
  return { debtor: account(debtor), creditor, amount: 100 + (index % 9_900), currency: 'EUR' };
}

function latencyOf(histogram: RecordableHistogram): Latency {
  if (histogram.count === 0) return { p50Ms: null, p99Ms: null };
  return { p50Ms: histogram.percentile(50) / 1_000, p99Ms: histogram.percentile(99) / 1_000 };
}
