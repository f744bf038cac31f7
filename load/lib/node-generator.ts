import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Generator, LoadResult, LoadSpec } from './generator.ts';
import type { HistogramData } from './histogram.ts';
import { Histogram } from './histogram.ts';

/** What the child process reports: counts, and latencies as a histogram. */
export interface ChildReport {
  readonly generator: string;
  readonly sent: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly reply: HistogramData;
  readonly cpuSeconds: number;
}

/** Load from npm packages, in a process of its own so that its CPU can be told from that of the system. */
export function createNodeGenerator(): Generator {
  return { name: 'autocannon', run: async (spec) => summarize(await runChild(spec)) };
}

function runChild(spec: LoadSpec): Promise<ChildReport> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'node-generator-process.ts'), [JSON.stringify(spec)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let report: ChildReport | undefined;
    child.on('message', (message) => {
      report = message as ChildReport;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (report) resolve(report);
      else reject(new Error(`The load generator ended early (${code ?? signal}).`));
    });
  });
}

function summarize(report: ChildReport): LoadResult {
  const histogram = new Histogram();
  histogram.merge(report.reply);
  const { count, sum, max } = report.reply;
  return {
    generator: report.generator,
    sent: report.sent,
    ok: count,
    errors: report.errors,
    dropped: report.dropped,
    reply: {
      p50: histogram.percentile(0.5),
      p95: histogram.percentile(0.95),
      p99: histogram.percentile(0.99),
      max: count === 0 ? undefined : max,
      mean: count === 0 ? undefined : sum / count,
    },
    cpuSeconds: report.cpuSeconds,
  };
}
