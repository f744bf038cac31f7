import { setTimeout as sleep } from 'node:timers/promises';
import { group, rate, seconds } from '../lib/format.ts';
import { readProcesses } from '../lib/process-usage.ts';
import type { Target } from '../lib/target.ts';
import { setRemote } from '../lib/target.ts';
import type { BulkReport } from './bulk-client.ts';
import { runBulkClient } from './bulk-client.ts';
import type { BenchContext, Outcome } from './row.ts';

const LINES = 1_000_000;
const RSS_MAX_MB = 200;
const SAMPLE_MS = 500;
const DRAIN_POLL_MS = 1_000;
const DRAIN_TIMEOUT_MS = 3_600_000;

/** One bulk stream of a million lines; the memory of the API is watched until everything has ended. */
export async function bulkRow(context: BenchContext): Promise<Outcome> {
  const { deps, say, quick } = context;
  const { target, database } = deps;
  const lines = quick ? 50_000 : LINES;
  await setRemote(target.remoteUrl, { meanMs: 0 });
  const fromMs = Date.now();
  const watch = watchRss(target, 'api');
  say(`  sending ${group(lines)} lines`);
  const report = await runBulkClient({
    url: `${target.apiUrl}/v1/transactions/bulk`,
    lines,
    accounts: target.accounts,
    seed: 51,
  });
  const rss = await watch.stop();
  say(`    ${rate(lines / report.seconds)} lines/s, api at most ${megabytes(rss.max)}; draining`);
  const drainBegan = performance.now();
  let notEnded = await database.open(fromMs);
  while (notEnded > 0 && performance.now() - drainBegan < DRAIN_TIMEOUT_MS) {
    await sleep(DRAIN_POLL_MS);
    notEnded = await database.open(fromMs);
  }
  return judge({ report, rss, notEnded, drainSeconds: (performance.now() - drainBegan) / 1_000 });
}

interface Found {
  readonly report: BulkReport;
  readonly rss: Rss;
  readonly drainSeconds: number;
  readonly notEnded: number;
}

function judge({ report, rss, drainSeconds, notEnded }: Found): Outcome {
  const lines = report.sent;
  const perSecond = lines / report.seconds;
  const complete = report.accepted === lines && report.uniqueIds === lines && report.inOrder;
  const enough = lines >= LINES;
  const must = enough && complete && notEnded === 0 && rss.max < RSS_MAX_MB * 1e6;
  return {
    measured: `${rate(perSecond)} lines/s, api RSS at most ${megabytes(rss.max)}, ${group(report.uniqueIds)} unique ids`,
    must,
    aim: must && perSecond >= 10_000,
    notes: [
      `${group(lines)} lines in one stream, answered line for line${report.inOrder ? ' in order' : ', NOT in order'}; accepted ${group(report.accepted)}, refused ${group(report.refused)}.`,
      `RSS of the API: ${megabytes(rss.first)} before, ${megabytes(rss.half)} after half of the time, ${megabytes(rss.max)} at most, ${megabytes(rss.last)} at the end.`,
      `After the last answer the pipeline needed ${seconds(drainSeconds)} more (instant remote): ${rate(lines / (report.seconds + drainSeconds))} transactions/s from first line to last terminal state; ${group(notEnded)} not ended.`,
      `Generator: ${(report.cpuSeconds / report.seconds).toFixed(2)} cores.`,
      ...(enough ? [] : [`The row is about ${group(LINES)} lines: this run proves nothing.`]),
    ],
    data: { report, rss, drainSeconds, notEnded },
  };
}

interface Rss {
  readonly first: number;
  readonly half: number;
  readonly last: number;
  readonly max: number;
}

/** Resident memory of a component in bytes, sampled twice a second. */
function watchRss(target: Target, component: string): { stop(): Promise<Rss> } {
  const samples: number[] = [];
  const sample = async () => {
    const [processes, table] = await Promise.all([target.processes(), readProcesses()]);
    const sizes = processes
      .filter(({ name }) => name === component)
      .map(({ pid }) => table.tree(pid)?.rssBytes ?? 0);
    if (sizes.length > 0) samples.push(Math.max(...sizes));
  };
  let running = sample();
  const timer = setInterval(() => {
    running = running.then(sample);
  }, SAMPLE_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
      await sample();
      const at = (index: number) => samples[index] ?? 0;
      const last = samples.length - 1;
      return { first: at(0), half: at(Math.floor(last / 2)), last: at(last), max: Math.max(0, ...samples) };
    },
  };
}

function megabytes(bytes: number): string {
  return `${group(bytes / 1e6)} MB`;
}
